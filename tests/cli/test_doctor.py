"""The findings of `duban doctor` on a server."""

from typing import Any

from events.keys import key
from services.cli.commands.doctor import _server
from services.cli.target import Target
from services.ingest.inbox import LAST_ID

LEDGER = "zhanjiang"


async def test_full_inboxes_and_inboxes_without_a_source_are_found(redis: Any, server_url: str) -> None:
    """One that ingest has closed, and one of a source that the ledger does not have; not one that is merely in use."""
    for source in ("office", "units", "stranger"):
        await redis.xadd(key(LEDGER, "inbox", source), {"e": b"x"})
    await redis.execute_command("XSETID", key(LEDGER, "inbox", "units"), LAST_ID)
    wrong = await _server(Target({}, None, server_url), LEDGER, ["office", "units", "board"])
    inboxes = [one for one in wrong if one.startswith("inbox ")]
    assert sorted(one.split(": ")[0] for one in inboxes) == [
        f"inbox duban:{{{LEDGER}}}:inbox:{name}" for name in ("stranger", "units")
    ]
    assert ["it is never read" in one for one in sorted(inboxes)] == [True, False]
    assert ["refuses entries until ingest" in one for one in sorted(inboxes)] == [False, True]


async def test_a_server_that_would_append_to_half_a_transaction_is_found(redis: Any, server_url: str) -> None:
    """That is any Redis that may cut off the end of its file itself; Valkey cuts off a torn write whole."""
    set_before = (await redis.config_get("aof-load-truncated"))["aof-load-truncated"]
    try:
        for value in ("yes", "no"):
            await redis.config_set("aof-load-truncated", value)
            wrong = await _server(Target({}, None, server_url), LEDGER, [])
            valkey = "valkey_version" in await redis.info("server")
            assert any("aof-load-truncated" in one for one in wrong) == (value == "yes" and not valkey)
    finally:
        await redis.config_set("aof-load-truncated", set_before)
