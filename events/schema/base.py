"""The base of every event's data, by who submits it. Pure."""

from typing import ClassVar, Literal, TypeAlias

from msgspec import Struct

Speaker: TypeAlias = Literal["assigner", "reporter", "notify", "operations"]


class Data(Struct, frozen=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """The base of every event's `data`: frozen, and an unknown member is an error.

    `speaker` is the role of the sources that submit it, `notify` if only notify does, `operations` if only duban's own
    services and commands do; None if only the ledger's clock adds it.
    """

    speaker: ClassVar[Speaker | None]

    def units_named(self) -> tuple[str, ...]:
        """Return the units that the event is about, which need a duty in the task; none if it is about the task."""
        return ()


class FromAssigner(Data, frozen=True):
    """Submitted by the office (交办单位)."""

    speaker = "assigner"


class FromReporter(Data, frozen=True):
    """Submitted by or for a unit (责任单位)."""

    speaker = "reporter"


class FromNotify(Data, frozen=True):
    """Submitted by notify, on behalf of a person who is signed in or follows a link."""

    speaker = "notify"


class FromClock(Data, frozen=True):
    """Added by the ledger's clock."""

    speaker = None
