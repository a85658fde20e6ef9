"""What the doctor sees on a server, whatever runs beside it."""

from typing import Any

from events.keys import key
from services.cli.commands.doctor import _server
from services.cli.target import Place
from services.ingest.inbox import LAST_ID

LEDGER = "zhanjiang"


async def test_inboxes_that_take_nothing_or_that_nobody_reads(redis: Any, server_url: str) -> None:
    """One that ingest has closed, and one of a source that the ledger does not have; not one that is merely in use."""
    for source in ("office", "units", "stranger"):
        await redis.xadd(key(LEDGER, "inbox", source), {"e": b"x"})
    await redis.execute_command("XSETID", key(LEDGER, "inbox", "units"), LAST_ID)
    wrong = await _server(Place({}, None, server_url), LEDGER, ["office", "units", "board"])
    told = [one for one in wrong if one.startswith("inbox ")]
    assert sorted(one.split(": ")[0] for one in told) == [
        f"inbox duban:{{{LEDGER}}}:inbox:{name}" for name in ("stranger", "units")
    ]
    assert ["nobody reads it" in one for one in sorted(told)] == [True, False]
    assert ["takes nothing until ingest" in one for one in sorted(told)] == [False, True]
