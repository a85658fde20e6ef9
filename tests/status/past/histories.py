"""Random logs of a few tasks, their fold written without a timeline, and the instants that matter in them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import strategies as st

from events import schema
from events.deadline import Ambiguous, Deadline, Fixed, Milestone, Milestones, Ongoing, Recurring, Unspecified
from events.entries import Recorded
from events.envelope import Event
from events.ledger import LightRules
from services.status.core import evolve
from services.status.lights import lit
from services.status.past.timeline import TaskTimeline
from services.status.row import TaskRow, TrackedTask
from tests.events.strategies import DATA
from tests.status.tracked_tasks import HELPER, LEAD, LEDGER, at

TASKS = ("zj-2017-01", "zj-2017-02", "甲", "a-10")

UNITS = (LEAD, HELPER, "市教育局", "各县（市、区）政府")

START = at("2018-01-01")

MICROSECOND = timedelta(microseconds=1)

dues = st.integers(0, 800).map(lambda days: START + timedelta(days=days, hours=days % 5))
pairs = st.tuples(dues, dues).filter(lambda pair: pair[0] < pair[1])
deadlines: st.SearchStrategy[Deadline] = st.one_of(
    st.builds(Fixed, st.just("…底前"), dues),
    pairs.map(lambda pair: Ambiguous("…前", *pair)),
    st.builds(Recurring, st.just("每…"), st.sampled_from(["year", "quarter", "month"]), dues),
    pairs.map(lambda pair: Milestones("…", (Milestone("一", pair[0]), Milestone("二", pair[1])))),
    st.just(Ongoing("持续实施")),
    st.just(Unspecified("")),
)

percents = st.none() | st.integers(0, 100) | st.sampled_from([33.3, 49.999999, 70.0])


@st.composite
def responsible(draw: st.DrawFn) -> tuple[str, tuple[schema.Unit, ...]]:
    """Generate a lead and the units among which it is."""
    lead, *others = draw(st.lists(st.sampled_from(UNITS), min_size=1, max_size=3, unique=True))
    return lead, (schema.Unit(lead, "lead"), *(schema.Unit(name) for name in others))


assignments = st.tuples(
    responsible(), deadlines, st.sampled_from(["方案", "a-plan"]), st.none() | st.integers(1, 9)
).map(
    lambda drawn: schema.TaskAssigned(
        f"任务{drawn[3]}", drawn[2], drawn[0][0], lead_inferred=True, units=drawn[0][1], deadline=drawn[1], row=drawn[3]
    )
)

frequent: st.SearchStrategy[schema.EventData] = st.one_of(
    st.builds(schema.ProgressReported, st.sampled_from(UNITS), st.just("…"), percents),
    st.builds(schema.CompletionSubmitted, st.sampled_from(UNITS), st.just("…")),
    st.builds(schema.CompletionReturned, st.sampled_from(UNITS), st.just("…")),
    st.builds(schema.TaskClosed, st.just("implemented")),
    st.builds(schema.TaskReopened, st.just("…")),
    st.builds(schema.DeadlinePassed, dues),
    st.builds(schema.DeadlineClarified, deadlines, st.just("…")),
    st.builds(schema.ExtensionRequested, st.just(LEAD), st.just("…"), dues),
    st.builds(schema.ExtensionGranted, st.just("e-1"), st.none() | dues),
    responsible().map(lambda who: schema.TaskReassigned(*who, "…")),
    assignments,
)
anything: st.SearchStrategy[schema.EventData] = st.sampled_from(list(DATA)).flatmap(lambda data: DATA[data])

steps = st.sampled_from([timedelta(0), MICROSECOND, timedelta(hours=5), timedelta(days=3), timedelta(days=45)])


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[Recorded]:
    """Generate a log: most tasks are assigned first, and recorded instants never decrease."""
    now, log = START, []
    for position in range(1, draw(st.integers(1, most)) + 1):
        now += draw(steps)
        first = position <= len(TASKS) and draw(st.integers(0, 5)) > 0
        task = TASKS[position - 1] if first else draw(st.sampled_from(TASKS))
        data = draw(assignments if first else st.one_of(frequent, frequent, frequent, anything))
        happened = now - draw(st.sampled_from([timedelta(0), timedelta(days=1)]))
        section = draw(st.sampled_from([None, "一、民生", "二、经济"]))
        log.append(Recorded(position, Event(f"e-{position}", "office", task, happened, data, now, "office", section)))
    return log


def recorded_at(entry: Recorded) -> datetime:
    """Return the instant at which an event was recorded."""
    assert entry.event.recorded is not None
    return entry.event.recorded


def timeline_of(log: Sequence[Recorded]) -> TaskTimeline:
    """Return the timeline of a log, kept while it is folded."""
    timeline, tasks = TaskTimeline(), dict[str, TrackedTask | None]()
    for entry in log:
        before = tasks.get(entry.event.subject)
        tasks[entry.event.subject] = evolve(LEDGER, before, entry)
        timeline.add(entry, before, tasks[entry.event.subject])
    return timeline


def fresh(
    log: Sequence[Recorded], position: int, instant: datetime, lights: LightRules = LEDGER.lights
) -> dict[str, TaskRow]:
    """Return the rows after a prefix of a log, folded from its start, with the lights of an instant by rules."""
    tasks: dict[str, TrackedTask | None] = {}
    for entry in log[:position]:
        tasks[entry.event.subject] = evolve(LEDGER, tasks.get(entry.event.subject), entry)
    return {name: lit(task, lights, instant).row for name, task in tasks.items() if task is not None}
