"""`duban notify retry` and `recover`: orders to send again what was not delivered."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from events.alert_times import instant_in
from events.ledger import Ledger
from services.cli.options import ByOption, DataOption, LedgerOption, ledger_of, out
from services.cli.target import LEDGER, find
from services.cli.users import operator
from services.common.connection import connected
from services.common.settings import SettingsError
from services.notify.deliveries import Digest
from services.notify.health import Health
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

    async def work() -> str:
        async with _opened(data, ledger) as outbox:
            return await retried(outbox, what, by or operator())

    out.print(asyncio.run(work()))


def recover(
    channel: Annotated[str, typer.Argument(help="A channel, by its key or as alerts show it")],
    since_: Annotated[str, typer.Option("--since", help="An instant with an offset, or a day, of the ledger's time")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    by: ByOption = None,
) -> None:
    """Use a channel again, and order all that it missed since an instant to be sent, under the same ids."""
    instant = _since(since_, ledger_of(data, ledger))

    async def work() -> str:
        async with _opened(data, ledger) as outbox:
            return await recovered(outbox, channel, instant, by or operator())

    out.print(asyncio.run(work()))


async def retried(outbox: Outbox, what: str | None, by: str) -> str:
    """Order that an alert, a digest, what a channel missed or everything be sent again; return what that comes to."""
    failed, health = await outbox.failed(), await outbox.health()
    if what is None:
        return await _order(outbox, failed, health, by, "")
    (group,) = await outbox.digests_of([what])
    wanted = group if group is not None else what
    if await outbox.digests([wanted]):
        return await _order(outbox, [one for one in failed if one.id == wanted], health, by, f" of {what}")
    key = _key(failed, health, what, "no alert, digest or channel")
    return await _order(outbox, failed, health, by, "", key)


async def recovered(outbox: Outbox, channel: str, instant: datetime, by: str) -> str:
    """Order that a channel be used again and get what it missed since an instant; return what that comes to."""
    failed, health = await outbox.failed(), await outbox.health()
    key = _key(failed, health, channel, "no channel")
    return await _order(outbox, since(failed, key, instant), health, by, f" since {instant:%Y-%m-%dT%H:%M%z}", key)


def _since(text: str, ledger: Ledger) -> datetime:
    """Return the instant of --since; a day begins at midnight of the ledger's zone."""
    try:
        return instant_in("--since", text, ledger.zone)
    except ValueError as error:
        raise SettingsError(str(error)) from error


def _key(failed: list[Digest], health: Mapping[str, Health], name: str, none: str) -> str:
    """Return the key of a channel; raises SettingsError where `none` or several are called so."""
    known = {one.channel: one.shown for one in health.values()}
    found = channels_named(failed, name) | {key for key, shown in known.items() if name in {key, shown}}
    if len(found) == 1:
        return found.pop()
    if found:
        raise SettingsError(f"{name!r} is several channels; name one by its key: {', '.join(sorted(found))}")
    listed = ", ".join(f"{key} ({shown})" for key, shown in sorted(known.items())) or "none"
    raise SettingsError(f"{name!r} is {none} here; channels that were used: {listed}")


async def _order(
    outbox: Outbox, digests: list[Digest], health: Mapping[str, Health], by: str, of: str, channel: str = ""
) -> str:
    """Add the order, on one channel ("": on all that are not paused), and return what it comes to."""
    dead = [one.channel for digest in digests for one in dead_on(digest, channel)]
    paused = [key for key in dead if not channel and key in health and health[key].paused]
    sent = len(dead) - len(paused)
    if sent or channel:
        await outbox.order(msgspec.json.encode(Resend(tuple(digest.id for digest in digests), by, channel)))
    told = []
    if channel:
        told.append(f"{channel} is used again")
    if sent:
        told.append(f"{_deliveries(sent)} will be sent again")
    elif not paused:
        told.append(f"nothing{of or (' of it' if channel else '')} is in the dead letters")
    if sent or channel:
        told.append(_CARRIED_OUT)
    if paused:
        names = ", ".join(sorted(set(paused)))
        told.append(
            f"{_deliveries(len(paused))} will not be sent again, as the channel is paused; name it to use it: {names}"
        )
    return "; ".join(told)


def _deliveries(count: int) -> str:
    return f"{count} deliver{'y' if count == 1 else 'ies'}"
