"""A ledger's clock: the same for all processes, after a restart of any, and of one kind for the ledger's life.

    duban:{L}:clock:<spec>  string  the real instant (Unix seconds) at which this clock was started
    duban:{L}:clock:kind    string  wall, scaled or file; kept with the first event (events/log.py)

The other keys of a clock are in services/common/steady.py.

A ledger that has events but no kind is older than the key: it runs by the wall clock, unless its last event was
recorded ahead of the wall clock, which only another clock can do.
"""

import contextlib
from datetime import datetime, timedelta
from typing import Any

from events.envelope import InvalidEvent, read
from events.keys import key
from events.log import Log
from services.common.clock import Clock, SystemClock, clock_for, kind_of, parse_spec, real_time
from services.common.settings import SettingsError
from services.common.steady import steadied

AHEAD = timedelta(minutes=5)
"""How far a log may be ahead of the wall clock: the typical error of unsynchronised machines."""

_NAMES = {"wall": "the wall clock", "scaled": "a clock INSTANT@SPEED", "file": "a clock file:PATH"}


async def ledger_clock(redis: Any, ledger: str, spec: str | None, *, records: bool = False) -> Clock:
    """Return the clock that a ledger runs by; raises SettingsError where the ledger has another kind, or is later.

    A refusal writes nothing. The wall clock and a clock in a file are held where they jump; a scaled clock runs ahead
    by specification. A service that `records` also holds a clock that starts far from the last record.
    """
    if kind_of(spec) == "scaled":
        parse_spec(spec or "")
    await check_clock(redis, ledger, spec)
    if spec is None or kind_of(spec) != "scaled":
        last = await last_recorded(redis, ledger) if records else None
        return await steadied(redis, ledger, clock_for(spec, 0), last)
    name = key(ledger, "clock", spec)
    await redis.set(name, repr(real_time()), nx=True)
    return clock_for(spec, float(await redis.get(name)))


async def start_clock(redis: Any, ledger: str, spec: str) -> None:
    """Start a scaled clock now, at its instant or, if the ledger is already later, at that of the last event."""
    start, speed = parse_spec(spec)
    last = await last_recorded(redis, ledger)
    ahead = max(0.0, (last - start).total_seconds() / speed) if last is not None else 0.0
    await redis.set(key(ledger, "clock", spec), repr(real_time() - ahead))


async def check_clock(redis: Any, ledger: str, spec: str | None) -> None:
    """Raise SettingsError where a ledger with events runs by another kind of clock, or is later than this start."""
    last = await last_recorded(redis, ledger)
    if last is None:
        return
    kind, own = await kept_kind(redis, ledger), kind_of(spec)
    if kind is None:
        kind = "wall" if last <= SystemClock().now() + AHEAD else own
    if kind != own:
        raise SettingsError(
            f"ledger {ledger} runs by {_NAMES[kind]}, not by {_NAMES[own]}: its events would be recorded at instants"
            " that are not theirs; start it as before, or use a data directory of its own for a rehearsal"
        )
    if spec is not None and own == "scaled" and not await redis.exists(key(ledger, "clock", spec)):
        start, _ = parse_spec(spec)
        if start < last:
            raise SettingsError(
                f"ledger {ledger} is at {last.isoformat()} already; a clock that starts at {start.isoformat()} would go"
                " back in time: give a later instant, or the specification it ran by"
            )


async def ahead_of_wall(redis: Any, ledger: str) -> str | None:
    """Return what is wrong with a ledger by the wall clock that was recorded ahead of it; None if it was not."""
    last = await last_recorded(redis, ledger)
    if last is None or await kept_kind(redis, ledger) not in {None, "wall"}:
        return None
    return ahead(last, SystemClock().now())


def ahead(last: datetime, now: datetime) -> str | None:
    """Return what is wrong where the last event was recorded ahead of now; None if it was not."""
    if last <= now + AHEAD:
        return None
    return f"the last event was recorded at {last.isoformat()}, ahead of the wall clock's {now.isoformat()}"


async def kept_kind(redis: Any, ledger: str) -> str | None:
    """Return the kind of clock that is kept with a ledger, None for a ledger that is older than the key."""
    kind = await redis.get(key(ledger, "clock", "kind"))
    return kind.decode() if kind is not None else None


async def last_recorded(redis: Any, ledger: str) -> datetime | None:
    """Return the instant at which the last event was recorded; None where there is none, or it does not decode.

    `audit verify` reports an event that does not decode; it does not prevent the use of the ledger.
    """
    log = Log(redis, ledger)
    for entry in await log.read(await log.tail() - 1, 1):
        with contextlib.suppress(InvalidEvent):
            return read(entry.raw).recorded
    return None
