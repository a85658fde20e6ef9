"""Time, injected: the only module that reads the wall clock.

`DUBAN_CLOCK` (or `--clock`) is `INSTANT@SPEED`, such as `2018-12-20T09:00:00+08:00@86400`: the ledger's clock starts at
that instant and runs that many times faster. All processes of a ledger must see the same time, also after one of them
was restarted, so the real instant at which a clock was started is kept with the ledger (`anchor`).

It may also be `file:PATH`: then the ledger's instant is what stands in that file, and goes on only when another is put
there (`FileClock.set`), so that a rehearsal or a test can go to an instant exactly, and all processes go at once.
"""

import asyncio
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from services.common.replacing import replace_file

FASTEST = 1e10
"""More would leave the calendar within half a minute."""


FILE = "file:"
"""What a specification begins with where the instant stands in a file."""

MEANT = "meant"
"""What follows an instant in a file that was put there on purpose, so that it is believed however far off it is."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Where Linux tells one boot of the machine from another, to containers too."""


FILE_MODE = 0o644
"""Of such a file: all processes of a ledger read it, whoever they run as."""


class ClockError(OSError):
    """A clock that cannot be read now; says why."""


class Clock(Protocol):
    """Tells the ledger's time."""

    def now(self) -> datetime:
        """Return the ledger's instant, in UTC."""
        ...

    def real_seconds(self, span: timedelta, /) -> float:
        """Return how many real seconds a span of the ledger's time takes."""
        ...


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def real_seconds(self, span: timedelta, /) -> float:
        return span.total_seconds()


class ScaledClock(Struct, frozen=True):
    """A clock that stood at `start` at the real instant `anchor` (Unix seconds) and runs `speed` times faster."""

    start: datetime
    speed: float
    anchor: float

    def now(self) -> datetime:
        try:
            return (self.start + timedelta(seconds=(time.time() - self.anchor) * self.speed)).astimezone(UTC)
        except OverflowError:
            return datetime.max.replace(tzinfo=UTC)

    def real_seconds(self, span: timedelta, /) -> float:
        return span.total_seconds() / self.speed


class FileClock(Struct, frozen=True):
    """A clock that stands at the instant in a file, one for all who have the path, until it is set."""

    path: Path

    def now(self) -> datetime:
        """Return the instant; raises ClockError where the file cannot be read or holds none with an offset."""
        return self.read()[0]

    def read(self) -> tuple[datetime, bool]:
        """Return the instant, and whether it was put there on purpose; raises ClockError as `now` does."""
        try:
            text = self.path.read_text(encoding="utf-8", errors="replace").strip()[:100]
        except OSError as error:
            raise ClockError(f"{self.path}: {error.strerror}; it holds the ledger's instant") from error
        written = text.removesuffix(MEANT).rstrip()
        try:
            instant = datetime.fromisoformat(written)
            if instant.tzinfo is not None:
                return instant.astimezone(UTC), written != text
        except ValueError:
            pass
        raise ClockError(
            f"{self.path}: {text!r} is no instant with an offset; one looks like 2018-12-20T09:00:00+08:00"
        )

    def real_seconds(self, _span: timedelta, /) -> float:
        """Return 0: it may be set at any moment."""
        return 0.0

    def set(self, instant: datetime) -> None:
        """Set the clock to an instant on purpose, for every process at once."""
        replace_file(self.path, [f"{instant.isoformat()} {MEANT}".encode()], FILE_MODE)


def parse_spec(spec: str) -> tuple[datetime, float]:
    """Read `INSTANT@SPEED` (`@SPEED` may be left out: 1); raise ValueError with what would be right."""
    instant, _, factor = spec.partition("@")
    try:
        start, speed = datetime.fromisoformat(instant), float(factor or 1)
        if start.tzinfo is not None and 0 < speed < FASTEST:
            return start, speed
    except ValueError:
        pass
    raise ValueError(f"{spec!r} is no clock; one looks like 2018-12-20T09:00:00+08:00@86400")


def clock_for(spec: str | None, anchor: float) -> Clock:
    """Return the clock that `spec` describes (the wall clock if None), started at the real instant `anchor`.

    Raises ValueError or ClockError where `spec` describes none, with what would be right.
    """
    if spec is None:
        return SystemClock()
    if spec.startswith(FILE):
        clock = FileClock(Path(spec.removeprefix(FILE)))
        clock.now()
        return clock
    start, speed = parse_spec(spec)
    return ScaledClock(start, speed, anchor)


def kind_of(spec: str | None) -> Literal["wall", "scaled", "file"]:
    """Return the kind of clock that a specification describes."""
    if spec is None:
        return "wall"
    return "file" if spec.startswith(FILE) else "scaled"


def real_time() -> float:
    """Return the real instant, in Unix seconds: to anchor a clock, and for leases that real machines hold."""
    return time.time()


def monotonic() -> float:
    """Return seconds that only grow, whatever is done to the machine's clock: to measure a time."""
    return time.monotonic()


def uptime() -> float:
    """Return the machine's seconds since it booted, its sleep included where the system counts that (Linux)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


@cache
def boot_id() -> str:
    """Return what tells this boot of the machine from others; where the system does not say, this process' own."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"process {uuid.uuid4()}"


async def sleep(seconds: float) -> None:
    """Wait for real seconds."""
    await asyncio.sleep(seconds)
