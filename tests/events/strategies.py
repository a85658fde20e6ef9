"""Hypothesis strategies for everything the language can say."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from events import deadline, schema
from events.envelope import Event
from events.text import composed, name_fault, name_of

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
ids = (
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=30)
    .map(composed)
    .filter(lambda text: len(text) <= 100)
)
subjects = ids.map(str.strip).filter(bool)
sources = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789-_~:@!$&'()*+,;=", min_size=1, max_size=8), min_size=1, max_size=3
).map(lambda steps: "/".join(["s", *steps]))
names = st.one_of(
    st.sampled_from(["市残联", "市民政局", "市财政局", "各县（市、区）政府"]),
    texts.map(name_of).filter(lambda name: name_fault(name) is None),
)
percents = st.none() | st.integers(0, 100) | st.floats(0, 100)
booleans = st.booleans()

instants = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - the strategy wants it so; the zone is the next argument
    datetime(2100, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.one_of(
        st.sampled_from([UTC, timezone(timedelta(hours=8))]),
        st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    ),
)


@st.composite
def rising(draw: st.DrawFn, least: int, most: int) -> list[datetime]:
    """Generate instants of one zone, each later than the one before."""
    first = draw(instants)
    steps = draw(st.lists(st.integers(1, 10**9), min_size=least - 1, max_size=most - 1))
    return [first + timedelta(milliseconds=sum(steps[:count])) for count in range(len(steps) + 1)]


fixed = st.builds(deadline.Fixed, texts, instants)
ambiguous = rising(2, 2).flatmap(lambda pair: st.builds(deadline.Ambiguous, texts, st.just(pair[0]), st.just(pair[1])))
recurring = st.builds(deadline.Recurring, texts, st.sampled_from(list(deadline.MONTHS)), instants)
ongoing = st.builds(deadline.Ongoing, texts)
triggered = st.builds(deadline.Triggered, texts, texts)
milestones = rising(1, 5).flatmap(
    lambda dues: st.builds(
        deadline.Milestones,
        texts,
        st.tuples(*(st.builds(deadline.Milestone, texts, st.just(due), percents) for due in dues)),
    )
)
unspecified = st.builds(deadline.Unspecified, st.just("") | texts)
deadlines = st.one_of(fixed, ambiguous, recurring, ongoing, triggered, milestones, unspecified)

evidence = st.lists(
    st.builds(
        schema.Evidence,
        names,
        st.none() | texts,
        st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    ),
    max_size=3,
).map(tuple)


@st.composite
def responsible(draw: st.DrawFn) -> tuple[str, tuple[schema.Unit, ...]]:
    """Generate a lead and the units among which it is."""
    lead, *others = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    units = [schema.Unit(lead, "lead", draw(booleans), draw(booleans))]
    units += [draw(st.builds(schema.Unit, st.just(name), st.sampled_from(["lead", "cooperating"]))) for name in others]
    return lead, tuple(draw(st.permutations(units)))


assignments = responsible().flatmap(
    lambda who: st.builds(
        schema.TaskAssigned,
        texts,
        names,
        st.just(who[0]),
        booleans,
        st.just(who[1]),
        deadlines,
        st.none() | st.integers(1, 500),
        st.none() | texts,
    )
)
reassignments = responsible().flatmap(
    lambda who: st.builds(schema.TaskReassigned, st.just(who[0]), st.just(who[1]), texts)
)

digits = st.text("0123456789abcdef", min_size=16, max_size=16)
hashes = st.text("0123456789abcdef", min_size=64, max_size=64)
counts = st.integers(0, 10**6)
spans = (names, counts, counts)
operations: dict[type[schema.EventData], st.SearchStrategy[Any]] = {
    schema.SessionStarted: st.builds(
        schema.SessionStarted,
        names,
        digits,
        digits,
        st.sampled_from(["token", "link"]),
        st.none() | st.integers(1, 90),
    ),
    schema.SignInsFailed: st.builds(schema.SignInsFailed, counts, counts, instants, instants),
    schema.LinkMade: st.builds(schema.LinkMade, names, digits, st.none() | st.integers(1, 90)),
    schema.TokenMade: st.builds(schema.TokenMade, names, digits, names, st.none() | instants),
    schema.TokenRevoked: st.builds(schema.TokenRevoked, names, digits, names),
    schema.RulesChanged: st.builds(
        schema.RulesChanged, names, hashes, st.none() | hashes, st.lists(names, max_size=3).map(tuple)
    ),
    schema.ExportMade: st.builds(
        schema.ExportMade, names, st.sampled_from(["tasks", "ledger"]), st.sampled_from(["csv", "bagit"]), counts
    ),
    schema.LossAcknowledged: st.builds(schema.LossAcknowledged, *spans),
    schema.KeyMade: st.builds(schema.KeyMade, names, names, st.none() | names),
    schema.RowsRebuilt: st.builds(schema.RowsRebuilt, names, st.lists(names, max_size=4).map(tuple), counts),
    schema.LogRestored: st.builds(schema.LogRestored, *spans, counts),
    schema.LogTrimmed: st.builds(schema.LogTrimmed, *spans, counts),
    schema.LogEnded: st.builds(schema.LogEnded, names, counts, hashes, counts),
    schema.ClockAcknowledged: st.builds(schema.ClockAcknowledged, names, instants, instants),
    schema.SessionEnded: st.builds(schema.SessionEnded, names, digits, names),
    schema.RecordTrimmed: st.builds(schema.RecordTrimmed, *spans, counts),
}
"""What operators do."""

DATA: dict[type[schema.EventData], st.SearchStrategy[Any]] = {
    schema.TaskAssigned: assignments,
    schema.TaskSigned: st.builds(schema.TaskSigned, names),
    schema.ProgressReported: st.builds(schema.ProgressReported, names, texts, percents, st.none() | texts, evidence),
    schema.ProgressCorrected: st.builds(
        schema.ProgressCorrected, ids, texts, names, texts, percents, st.none() | texts, evidence
    ),
    schema.CompletionSubmitted: st.builds(schema.CompletionSubmitted, names, texts, evidence),
    schema.CompletionReturned: st.builds(schema.CompletionReturned, names, texts),
    schema.TaskClosed: st.builds(
        schema.TaskClosed, st.sampled_from(["implemented", "not-implemented", "cancelled"]), st.none() | texts
    ),
    schema.TaskReopened: st.builds(schema.TaskReopened, texts),
    schema.TaskReassigned: reassignments,
    schema.TaskUrged: st.builds(schema.TaskUrged, st.lists(names, min_size=1, max_size=4).map(tuple), texts),
    schema.ExtensionRequested: st.builds(schema.ExtensionRequested, names, texts, instants),
    schema.ExtensionGranted: st.builds(schema.ExtensionGranted, ids, st.none() | instants),
    schema.ExtensionRefused: st.builds(schema.ExtensionRefused, ids, texts),
    schema.DeadlineClarified: st.builds(schema.DeadlineClarified, deadlines, texts),
    schema.AlertAcknowledged: st.builds(schema.AlertAcknowledged, ids, names, texts, instants),
    schema.DeadlineNeared: st.builds(schema.DeadlineNeared, instants, st.integers(0, 365)),
    schema.DeadlinePassed: st.builds(schema.DeadlinePassed, instants),
    **operations,
}
"""A strategy for the data of each event type."""


def events_of(data: type[schema.EventData]) -> st.SearchStrategy[Event]:
    """Return a strategy for events of one type."""
    return st.builds(Event, ids, sources, subjects, instants, DATA[data])


events = st.sampled_from(list(DATA)).flatmap(events_of)
