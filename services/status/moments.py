"""What a task remembers for the figures: its completions that count, and when it last changed in which way. Pure.

All instants are recorded ones: a unit cannot improve its figures by the `time` that it writes. A task saves them with
its row, so that figures of any board follow from its tasks alone.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct


class Completion(Struct, frozen=True, gc=False, omit_defaults=True):
    """A submission or a closing at the instant `at`; `due` is the due instant that held then, None without one."""

    at: datetime
    due: datetime | None = None

    @property
    def in_time(self) -> bool:
        """Whether it came before the due instant; what has none cannot be late."""
        return self.due is None or self.at < self.due


class Moments(Struct, frozen=True, gc=False, omit_defaults=True):
    """`submitted` has each unit's last submission that was not returned, `closed` the closing of a closed task.

    The others are when the last such event was recorded: the assignment (`opened`), a report or submission, a return,
    a granted extension, a due instant that passed.
    """

    opened: datetime | None = None
    submitted: Mapping[str, Completion] = {}
    closed: Completion | None = None
    reported: datetime | None = None
    returned: datetime | None = None
    extended: datetime | None = None
    passed: datetime | None = None
