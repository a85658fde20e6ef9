"""A clock that a test sets."""

from datetime import UTC, datetime, timedelta


class FixedClock:
    """A clock that stands still until `instant` is set."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant.astimezone(UTC)

    def now(self) -> datetime:
        return self.instant

    def real_seconds(self, span: timedelta) -> float:
        return span.total_seconds()
