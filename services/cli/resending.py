"""`duban notify retry` and `recover`: orders to send again what was not delivered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from events.ledger import Ledger
from services.cli.options import ByOption, DataOption, LedgerOption, ledger_of, out
from services.cli.target import LEDGER, find
from services.cli.users import operator
from services.common.connection import connected
from services.common.settings import SettingsError
from services.notify.deliveries import Digest
from services.notify.orders import Resend, channels_named, dead_on, since
from services.notify.outbox import Outbox

_CARRIED_OUT = "notify carries it out within a second or two, on record"


@asynccontextmanager
async def _opened(data: DataOption, ledger: str) -> AsyncIterator[Outbox]:
    async with connected(find(data).server()) as redis:
        yield Outbox(redis, ledger)


def retry(
    what: Annotated[
        str | None, typer.Argument(metavar="[ALERT|DIGEST|CHANNEL]", help="Only this; default: all dead letters")
    ] = None,
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    by: ByOption = None,
) -> None:
    """Order that dead letters be sent again, under the same ids, by the whole schedule.

    A channel that is paused is used again if it is named.
    """
    ledger_of(data, ledger)

    async def work() -> int:
        async with _opened(data, ledger) as outbox:
            failed = await outbox.failed()
            chosen, channel = await _chosen(outbox, failed, what)
            return await _order(outbox, chosen, channel, by)

    _print(asyncio.run(work()))


def recover(
    channel: Annotated[str, typer.Argument(help="A channel, by its key or as alerts show it")],
    since_: Annotated[str, typer.Option("--since", help="An instant with an offset, or a day, of the ledger's time")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    by: ByOption = None,
) -> None:
    """Use a channel again, and order all that it missed since an instant to be sent, under the same ids."""
    instant = _instant(since_, ledger_of(data, ledger))

    async def work() -> int:
        async with _opened(data, ledger) as outbox:
            failed = await outbox.failed()
            key = await _key(outbox, failed, channel)
            return await _order(outbox, since(failed, key, instant), key, by)

    _print(asyncio.run(work()))


def _instant(text: str, ledger: Ledger) -> datetime:
    """Return the instant of --since; a day begins at midnight of the ledger's zone."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is not None and (instant.tzinfo is not None or len(text) == len("2027-06-30")):
        return instant if instant.tzinfo is not None else instant.replace(tzinfo=ledger.zone)
    raise SettingsError(
        f"--since {text!r} is neither a day such as 2027-06-30 nor an instant such as 2027-06-30T12:00:00+08:00"
    )


async def _chosen(outbox: Outbox, failed: list[Digest], what: str | None) -> tuple[list[Digest], str]:
    """Return the digests to send again, and the channel if one is named; raises SettingsError for what is unknown."""
    if what is None:
        return failed, ""
    (group,) = await outbox.digests_of([what])
    wanted = group.decode() if group is not None else what
    digests = await outbox.digests([wanted])
    if digests:
        return [digest for digest in failed if digest.id == wanted], ""
    key = await _key(outbox, failed, what)
    return [digest for digest in failed if any(dead_on(digest, key))], key


async def _key(outbox: Outbox, failed: list[Digest], name: str) -> str:
    """Return the key of a channel; raises SettingsError where none or several are called so."""
    known = {one.channel: one.shown for one in (await outbox.health()).values()}
    found = channels_named(failed, name) | {key for key, shown in known.items() if name in {key, shown}}
    if len(found) == 1:
        return found.pop()
    if found:
        raise SettingsError(f"{name!r} is several channels; name one by its key: {', '.join(sorted(found))}")
    listed = ", ".join(f"{key} ({shown})" for key, shown in sorted(known.items())) or "none"
    raise SettingsError(f"{name!r} is no alert, digest or channel here; channels that were used: {listed}")


async def _order(outbox: Outbox, digests: list[Digest], channel: str, by: str | None) -> int:
    """Add the order, and return the number of deliveries that it has sent again."""
    deliveries = sum(len(list(dead_on(digest, channel))) for digest in digests)
    if deliveries or channel:
        order = Resend(tuple(digest.id for digest in digests), by or operator(), channel)
        await outbox.order(msgspec.json.encode(order))
    return deliveries


def _print(deliveries: int) -> None:
    if deliveries:
        out.print(f"{deliveries} deliver{'y' if deliveries == 1 else 'ies'} will be sent again; {_CARRIED_OUT}")
    else:
        out.print("nothing is in the dead letters")
