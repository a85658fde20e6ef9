"""What ingest decides, without a server: every type accepted, every refusal, and what the clock says when."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import (
    MONTHS,
    Ambiguous,
    Deadline,
    Every,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
    add_months,
)
from events.envelope import CODES, Event
from events.ledger import CLOCK, Ledger, Source
from events.log import Recorded
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlineClarified,
    DeadlineNeared,
    DeadlinePassed,
    ExtensionGranted,
    ExtensionRequested,
    ProgressCorrected,
    TaskAssigned,
    TaskReassigned,
    TaskUrged,
    Unit,
)
from services.ingest.core import AHEAD, authentic, decide
from services.ingest.task import Request, Task, evolve
from services.ingest.timers import clock_events
from services.settings import load_ledger, shipped
from tests.events import strategies
from tests.examples import EXAMPLES, LEAD, TASK, assigned, reported

SHIPPED = load_ledger(shipped("zhanjiang.toml"))

LEDGER = msgspec.structs.replace(
    SHIPPED, sources={**SHIPPED.sources, "civil-affairs": Source("reporter", ("市民政局", "市残联"))}
)

CHINA = timezone(timedelta(hours=8))

COUNTY = "廉江市"
"""A member of the group among the canonical task's units."""

GROUP = "各县（市、区）政府"

REPORTERS = ("task.signed", "progress.reported", "progress.corrected", "completion.submitted", "extension.requested")

CLOCKS = ("deadline.neared", "deadline.passed")


def example(name: str) -> Event:
    """Return the canonical example of a type, by the type's name without `duban.` and `.v1`."""
    return EXAMPLES[f"duban.{name}.v1"]


NAMES = [name.removeprefix("duban.").removesuffix(".v1") for name in EXAMPLES]

BEFORE: dict[str, list[Event]] = {name: [example("task.assigned")] for name in NAMES} | {
    "task.assigned": [],
    "completion.returned": [example("task.assigned"), example("completion.submitted")],
    "task.reopened": [example("task.assigned"), example("task.closed")],
    "progress.corrected": [example("task.assigned"), example("progress.reported")],
    "extension.granted": [
        example("task.assigned"),
        example("deadline.clarified"),
        example("extension.requested"),
    ],
    "extension.refused": [
        example("task.assigned"),
        msgspec.structs.replace(example("extension.requested"), id="request-07-1"),
    ],
}
"""What has to have happened for the canonical example of a type to be accepted."""


def fold(*events: Event, task: Task | None = None) -> Task | None:
    """Return a task after events, each recorded at its own time."""
    for position, event in enumerate(events, 1):
        task = evolve(LEDGER, task, Recorded(position, msgspec.structs.replace(event, recorded=event.time)))
    return task


def folded(*events: Event, task: Task | None = None) -> Task:
    """Return a task after events of which one assigns it."""
    after = fold(*events, task=task)
    assert after is not None
    return after


def judged(
    task: Task | None,
    event: Event,
    *,
    authid: str | None = None,
    now: datetime | None = None,
    ledger: Ledger = LEDGER,
    cited: Event | None = None,
) -> CODES | None:
    """Return the code with which an event is refused at an instant (its own), None if it is accepted.

    A correction names the report of the same unit, unless `cited` is another event.
    """
    authid = authid or event.source.partition("/")[0]
    if isinstance(event.data, ProgressCorrected):
        cited = cited or about(example("progress.reported"), event.data.unit)
    refusal = decide(task, event, authid, ledger.sources.get(authid), ledger, now or event.time, cited)
    assert refusal is None or refusal.detail
    return refusal.code if refusal is not None else None


def about(event: Event, unit: str) -> Event:
    """Return an event that speaks of another unit."""
    data = event.data
    members = {"units": (unit,)} if isinstance(data, TaskUrged) else {"unit": unit}
    return msgspec.structs.replace(event, data=msgspec.structs.replace(data, **members))


def test_examples_of_every_type_are_there() -> None:
    """There is one canonical example for each of the sixteen types."""
    assert len(NAMES) == 16


@pytest.mark.parametrize("name", NAMES)
def test_what_fits_is_accepted(name: str) -> None:
    """An event of each type is accepted from whom it is for, where the task stands so that it makes sense."""
    assert judged(fold(*BEFORE[name]), example(name)) is None


@pytest.mark.parametrize("name", NAMES)
def test_time_runs_ahead_by_five_minutes_at_most(name: str) -> None:
    """Five minutes ahead of the ledger's clock are what clocks are off by; anything more is from the future."""
    event = example(name)
    task = fold(*BEFORE[name])
    assert judged(task, event, now=event.time - AHEAD) is None
    assert judged(task, event, now=event.time - AHEAD - timedelta(microseconds=1)) == "from-the-future"


@pytest.mark.parametrize("authid", ["office", "units", "audit", "board", CLOCK])
@pytest.mark.parametrize("name", NAMES)
def test_each_type_is_for_one_role(name: str, authid: str) -> None:
    """Reporters report, assigners hand out and settle, the ledger's clock tells of dues; nobody does another's part."""
    allowed = CLOCK if name in CLOCKS else "units" if name in REPORTERS else "office"
    assert judged(fold(*BEFORE[name]), example(name), authid=authid) == (None if authid == allowed else "not-permitted")


@pytest.mark.parametrize("name", NAMES)
def test_a_task_has_to_be_assigned_once(name: str) -> None:
    """An assignment of a known task, and anything else of an unknown one, is refused."""
    if name == "task.assigned":
        assert judged(folded(example(name)), example(name)) == "task-exists"
    else:
        assert judged(None, example(name)) == "unknown-task"


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_task_can_be_reopened_alone(name: str) -> None:
    """After closing, reopening is all that is accepted; the same task id cannot be assigned again either."""
    closed = folded(*(BEFORE[name] or [example("task.assigned")]), example("task.closed"))
    expected = {"task.assigned": "task-exists", "task.reopened": None}.get(name, "task-closed")
    assert judged(closed, example(name)) == expected


@pytest.mark.parametrize(
    "name",
    [
        "task.signed",
        "progress.reported",
        "progress.corrected",
        "completion.submitted",
        "completion.returned",
        "extension.requested",
        "task.urged",
    ],
)
def test_units_named_have_to_have_a_duty(name: str) -> None:
    """A known unit without a duty and a group are not responsible; a unit no directory has is unknown."""
    task = folded(*BEFORE[name])
    assert judged(task, about(example(name), "市体育局")) == "not-responsible"
    assert judged(task, about(example(name), GROUP)) == "not-responsible"
    assert judged(task, about(example(name), "市火星局")) == "unknown-unit"


@pytest.mark.parametrize("name", REPORTERS)
def test_members_of_a_group_have_its_duty(name: str) -> None:
    """A member of a group among the units may do what a unit may."""
    assert judged(folded(*BEFORE[name]), about(example(name), COUNTY)) is None


@pytest.mark.parametrize("name", REPORTERS)
def test_a_reporter_speaks_for_its_units(name: str) -> None:
    """A reporter is heard for the units that the ledger's configuration gives it, and for no other."""
    task = folded(*BEFORE[name])
    assert judged(task, about(example(name), "市残联"), authid="civil-affairs") is None
    assert judged(task, about(example(name), COUNTY), authid="civil-affairs") == "not-permitted"


@pytest.mark.parametrize("name", REPORTERS)
def test_a_unit_has_its_duty_by_all_its_names(name: str) -> None:
    """A unit may do by an alias what it may do by the directory's name, and so may its source; a group may not."""
    task = folded(*BEFORE[name])
    assert judged(task, about(example(name), "市残疾人联合会")) is None
    assert judged(task, about(example(name), "市残疾人联合会"), authid="civil-affairs") is None
    assert judged(task, about(example(name), "各县区")) == "not-responsible"


def test_a_lead_reports_by_any_of_its_names() -> None:
    """What the lead does by an alias, it does as the lead; what it submits by one name is returned by another."""
    given, submitted = example("task.assigned"), example("completion.submitted")
    task = folded(given, about(submitted, "湛江市残联"))
    assert task == folded(given, submitted)
    assert judged(task, about(example("completion.returned"), "市残疾人联合会")) is None


def test_what_a_unit_submitted_its_successor_has() -> None:
    """After a reassignment to a successor, a completion that was submitted before can still be returned."""
    task = folded(
        assigned(others=("市卫生计生局",)),
        about(example("completion.submitted"), "市卫生计生局"),
        msgspec.structs.replace(
            example("task.reassigned"),
            data=TaskReassigned(LEAD, (Unit(LEAD, "lead"), Unit("市卫生健康局")), "机构改革"),
        ),
    )
    assert task.submitted == ("市卫生健康局",)


@pytest.mark.parametrize("name", NAMES)
def test_who_speaks_for_no_unit_is_not_asked_about_the_task(name: str) -> None:
    """A reporter without units reports nothing, and no reporter does an assigner's part, also for its own unit."""
    ledger = msgspec.structs.replace(LEDGER, sources=LEDGER.sources | {"mute": Source("reporter")})
    task = folded(*BEFORE[name]) if BEFORE[name] else None
    assert judged(task, example(name), authid="mute", ledger=ledger) == "not-permitted"
    expected = None if name in REPORTERS else "not-permitted"
    assert judged(task, example(name), authid="civil-affairs") == expected


@pytest.mark.parametrize("name", REPORTERS)
def test_a_predecessors_system_is_heard_until_the_task_is_handed_on(name: str) -> None:
    """A succession moves nothing: the old unit's system is heard until the reassignment, then the new unit's alone."""
    old, new = "市卫生计生局", "市卫生健康局"
    own = {"old": Source("reporter", (old,)), "new": Source("reporter", (new,))}
    ledger = msgspec.structs.replace(LEDGER, sources=LEDGER.sources | own)
    at = in_china(2019, 6, 1)
    task = folded(assigned(lead=old, deadline=Fixed("…", in_china(2020, 1, 1))))
    event = msgspec.structs.replace(example(name), time=at)
    if isinstance(event.data, ExtensionRequested):
        event = msgspec.structs.replace(event, data=ExtensionRequested(old, "x", in_china(2021, 1, 1)))
    assert judged(task, about(event, old), authid="old", ledger=ledger) is None
    assert judged(task, about(event, new), authid="new", ledger=ledger) == "not-responsible"
    handed = TaskReassigned(new, (Unit(new, "lead"),), "机构改革")
    task = folded(msgspec.structs.replace(example("task.reassigned"), time=at, data=handed), task=task)
    assert judged(task, about(event, old), authid="old", ledger=ledger) == "not-responsible"
    assert judged(task, about(event, new), authid="old", ledger=ledger) == "not-permitted"
    assert judged(task, about(event, new), authid="new", ledger=ledger) is None


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("zj/2017", "slash"),
        (".", "step"),
        ("..", "step"),
        (" zj-2017", "white space"),
        ("zj-2017\u3000", "white space"),
        ("zj\x1b[31m", "U+001B"),
        ("zj\x00", "U+0000"),
        ("zj\n2017", "U+000A"),
        ("zj\x85-1", "U+0085"),
        ("zj\u202e7102", "U+202E"),
        ("zj\u2028x", "U+2028"),
    ],
)
def test_a_tasks_id_can_be_addressed_and_printed(subject: str, says: str) -> None:
    """No task is assigned under an id that a URL's path cannot have, or that does something to a terminal."""
    event = msgspec.structs.replace(example("task.assigned"), subject=subject)
    refusal = decide(None, event, "office", LEDGER.sources["office"], LEDGER, event.time)
    assert refusal is not None
    assert refusal.code == "invalid-data"
    assert says in refusal.detail


@pytest.mark.parametrize("subject", ["zj-2017-07", "湛江 2017 第7项", "a?b#c%2f", "...", "任务（一）"])
def test_a_tasks_id_is_otherwise_free(subject: str) -> None:
    """Any other text is an id, inner spaces too; a URL has it percent-encoded."""
    assert judged(None, msgspec.structs.replace(example("task.assigned"), subject=subject)) is None


def test_of_merged_units_the_leads_part_goes_on() -> None:
    """Where the lead and another unit become one, it is the lead's submission that the successor has."""
    others = [succession for succession in LEDGER.successions if len(succession.predecessors) > 1]
    first, lead = others[0].predecessors[:2]
    units = (Unit(first), Unit(lead, "lead"))
    given = assigned(lead=lead)
    assert isinstance(given.data, TaskAssigned)
    given = msgspec.structs.replace(given, data=msgspec.structs.replace(given.data, units=units))
    handed = TaskReassigned(others[0].to, (Unit(others[0].to, "lead"),), "机构改革")
    event = msgspec.structs.replace(example("task.reassigned"), time=in_china(2021, 1, 1), data=handed)
    for unit, submitted in ((lead, (others[0].to,)), (first, ())):
        assert folded(given, about(example("completion.submitted"), unit), event).submitted == submitted


def test_every_unit_that_is_urged_is_looked_at() -> None:
    """One unit without a duty among those urged is enough to refuse the urging."""
    event = example("task.urged")
    assert isinstance(event.data, TaskUrged)
    data = msgspec.structs.replace(event.data, units=("市残联", COUNTY, "市体育局"))
    assert judged(folded(*BEFORE["task.urged"]), msgspec.structs.replace(event, data=data)) == "not-responsible"


def test_only_what_is_closed_is_reopened() -> None:
    """Reopening an open task is not permitted."""
    assert judged(folded(example("task.assigned")), example("task.reopened")) == "not-permitted"


def test_only_what_was_submitted_is_returned() -> None:
    """A completion is returned once for each submission: not before, not for another unit, not twice."""
    returned, submitted = example("completion.returned"), example("completion.submitted")
    task = folded(example("task.assigned"))
    assert judged(task, returned) == "not-permitted"
    task = folded(submitted, task=task)
    assert judged(task, about(returned, COUNTY)) == "not-permitted"
    assert judged(task, returned) is None
    task = folded(returned, task=task)
    assert judged(task, returned) == "not-permitted"
    assert judged(folded(submitted, task=task), returned) is None


def test_one_extension_is_open_at_a_time() -> None:
    """A second request is not permitted until the first is granted, refused, or gone with the closed task."""
    request = example("extension.requested")
    second = msgspec.structs.replace(request, id="request-07-3")
    task = folded(*BEFORE["extension.granted"])
    assert judged(task, second) == "not-permitted"
    refused = msgspec.structs.replace(
        example("extension.refused"),
        data=msgspec.structs.replace(example("extension.refused").data, request_id=request.id),
    )
    assert judged(folded(refused, task=task), second) is None
    assert judged(folded(example("extension.granted"), task=task), second) is None
    assert judged(folded(example("task.closed"), example("task.reopened"), task=task), second) is None


@pytest.mark.parametrize("name", ["extension.granted", "extension.refused"])
def test_an_open_request_is_settled_by_its_id(name: str) -> None:
    """Settling a request that was never made, is settled already, or has another id is invalid."""
    task = folded(example("task.assigned"))
    assert judged(task, example(name)) == "invalid-data"
    other = msgspec.structs.replace(example("extension.requested"), id="request-07-9")
    assert judged(folded(other, task=task), example(name)) == "invalid-data"
    assert judged(folded(*BEFORE[name], example(name)), example(name)) == "invalid-data"


def in_china(year: int, month: int, day: int) -> datetime:
    """Return the first instant of a day in 湛江."""
    return datetime(year, month, day, tzinfo=CHINA)


def test_an_extension_is_asked_for_before_the_due_instant() -> None:
    """At the due instant itself it is too late, whether or not the clock has said so."""
    request = example("extension.requested")
    task = folded(assigned(deadline=Fixed("2018年12月底前", in_china(2019, 1, 1))))
    due = in_china(2019, 1, 1)
    assert judged(task, request, now=due - timedelta(microseconds=1)) is None
    assert judged(task, request, now=due) == "not-permitted"
    passed = folded(example("deadline.passed"), task=task)
    assert judged(passed, request, now=due) == "not-permitted"


@pytest.mark.parametrize("deadline", [Ongoing("持续实施"), Triggered("适时", "适时"), Unspecified("")])
def test_what_never_falls_due_cannot_be_extended(deadline: Deadline) -> None:
    """Where no due instant lies ahead there is nothing to extend."""
    assert judged(folded(assigned(deadline=deadline)), example("extension.requested")) == "not-permitted"


def test_the_next_of_several_dues_can_be_extended() -> None:
    """Of milestones and of occurrences it is the next that counts, also where a table was entered years late."""
    data = ExtensionRequested(LEAD, "x", in_china(2020, 3, 1))
    request = msgspec.structs.replace(example("extension.requested"), data=data)  # of October 2018
    steps = Milestones("两步", (Milestone("启动", in_china(2018, 7, 1)), Milestone("完成", in_china(2020, 1, 1))))
    task = folded(assigned(deadline=steps))
    assert judged(task, request) is None
    first = Event("passed", f"{CLOCK}/clock", TASK, in_china(2018, 7, 1), DeadlinePassed(in_china(2018, 7, 1)))
    assert judged(folded(first, task=task), request) is None
    yearly = Recurring("每年12月底前", "year", in_china(2010, 1, 1))
    yearly_request = example("extension.requested")
    assert judged(given_on(in_china(2018, 5, 1), yearly), yearly_request) is None
    last = msgspec.structs.replace(request, time=in_china(2020, 1, 1))
    assert judged(folded(first, task=task), last) == "not-permitted"


def test_an_extension_can_be_asked_for_after_an_occurrence_was_met() -> None:
    """Occurrences that were met lie behind; the next one can be extended."""
    task = folded(
        assigned(deadline=Recurring("每月底前", "month", in_china(2017, 9, 1))),
        reported(time=in_china(2017, 8, 20)),
    )
    data = ExtensionRequested(LEAD, "x", in_china(2017, 10, 20))
    request = msgspec.structs.replace(example("extension.requested"), time=in_china(2017, 8, 21), data=data)
    assert judged(task, request) is None


@pytest.mark.parametrize(
    ("source", "accepted"),
    [
        ("units", True),
        ("units/disabled-persons-federation", True),
        ("units/", True),
        ("units2", False),
        ("unit", False),
        ("office", False),
        ("Units", False),
        ("/units", False),
        ("x/units", False),
    ],
)
def test_a_source_is_the_authenticated_name_or_below_it(source: str, accepted: bool) -> None:  # noqa: FBT001 - pytest names it
    """`source` is the authenticated source's name, or that name plus `/…`; anything else is not permitted."""
    refusal = authentic(msgspec.structs.replace(reported(), source=source), "units")
    assert (refusal is None) == accepted
    assert refusal is None or refusal.code == "not-permitted"


@pytest.mark.parametrize("name", NAMES)
def test_evolve_takes_every_event_in_every_state(name: str) -> None:
    """Whatever is in the log can be folded: on an unknown, open, submitted or closed task, decided or not."""
    event = example(name)
    for before in ([], [example("task.assigned")], *BEFORE.values(), list(EXAMPLES.values())):
        task = fold(*before)
        after = fold(event, task=task)
        assert (after is None) == (task is None and name != "task.assigned")


@given(st.lists(strategies.events, max_size=12))
def test_evolve_never_refuses(events: list[Event]) -> None:
    """Any events at all can be folded, in any order."""
    fold(*events)


def test_the_life_of_a_task_is_folded() -> None:
    """The canonical examples, one after another, leave of the task what later decisions need."""
    task = folded(*EXAMPLES.values())
    reassigned = example("task.reassigned")
    assert isinstance(reassigned.data, TaskReassigned)
    assert task == Task(
        lead="市人力资源社会保障局",
        units=reassigned.data.units,
        deadline=Fixed("2018年11月底前完成", in_china(2019, 1, 1)),
        since=example("task.reopened").time,
        assigned=1,
        passed=in_china(2019, 1, 1),
        fired=(example("deadline.neared").id, example("deadline.passed").id),
    )


def test_a_request_is_kept_until_it_is_settled() -> None:
    """An open request is known by its event's id; a grant without a due takes the proposed one."""
    task = folded(*BEFORE["extension.granted"])
    assert task.request == Request("request-07-2", in_china(2019, 2, 1), in_china(2018, 12, 1))
    granted = msgspec.structs.replace(example("extension.granted"), data=ExtensionGranted("request-07-2"))
    task = folded(granted, task=task)
    assert task.request is None
    assert task.deadline == Fixed("2018年11月底前完成", in_china(2019, 2, 1))


def test_reopening_forgets_submissions() -> None:
    """A reopened task is in progress: what was submitted before it was closed has to be submitted again."""
    task = folded(example("task.assigned"), example("completion.submitted"), example("task.closed"))
    assert (task.closed, task.submitted) == (True, (LEAD,))
    task = folded(example("task.reopened"), task=task)
    assert (task.closed, task.submitted) == (False, ())


def test_submissions_are_counted_per_unit() -> None:
    """Units submit and are returned independently; submitting twice is submitting once."""
    submitted = example("completion.submitted")
    task = folded(example("task.assigned"), submitted, submitted, about(submitted, COUNTY))
    assert task.submitted == (LEAD, COUNTY)
    assert folded(example("completion.returned"), task=task).submitted == (COUNTY,)


# What the clock says

SAID = tuple[str, datetime]


def said(task: Task, until: datetime, ledger: Ledger = LEDGER) -> list[Event]:
    """Return what the clock says of a task up to an instant."""
    return list(itertools.takewhile(lambda event: event.time <= until, clock_events(TASK, task, ledger)))


def heard(events: Sequence[Event]) -> list[SAID]:
    """Return days left (or “passed”) and instant of what the clock says."""
    return [
        (str(event.data.days_left) if isinstance(event.data, DeadlineNeared) else "passed", event.time)
        for event in events
    ]


def given_on(since: datetime, deadline: Deadline) -> Task:
    """Return a task that was assigned with a deadline on a day."""
    return folded(assigned(deadline=deadline, time=since))


EVER = in_china(2090, 1, 1)

YEAR_END = Fixed("2018年12月底前完成", in_china(2019, 1, 1))


def test_a_fixed_deadline_nears_and_passes() -> None:
    """Thirty, seven and one day before the due instant the clock reminds; at that instant it tells of the passing."""
    events = said(given_on(in_china(2017, 8, 1), YEAR_END), EVER)
    assert heard(events) == [
        ("30", in_china(2018, 12, 2)),
        ("7", in_china(2018, 12, 25)),
        ("1", in_china(2018, 12, 31)),
        ("passed", in_china(2019, 1, 1)),
    ]
    assert [event.id for event in events] == [
        f"neared:{TASK}:2019-01-01T00:00:00+08:00:30",
        f"neared:{TASK}:2019-01-01T00:00:00+08:00:7",
        f"neared:{TASK}:2019-01-01T00:00:00+08:00:1",
        f"passed:{TASK}:2019-01-01T00:00:00+08:00",
    ]
    assert {event.source for event in events} == {"duban/clock"}
    assert {event.subject for event in events} == {TASK}
    assert events[0].data == DeadlineNeared(in_china(2019, 1, 1), 30)
    assert events[3].data == DeadlinePassed(in_china(2019, 1, 1))


def test_the_canonical_examples_are_what_the_clock_says() -> None:
    """The examples of the clock's two types have the ids, instants and data that the clock gives them."""
    task = folded(*list(EXAMPLES.values())[:8])
    events = {event.id: event for event in said(task, EVER)}
    for name in CLOCKS:
        assert events[example(name).id] == example(name)


def test_instants_are_written_in_the_ledgers_zone() -> None:
    """However a source wrote the due instant, what the clock says of it has the same id and the ledger's offset."""
    utc = Fixed("2018年12月底前完成", datetime(2018, 12, 31, 16, tzinfo=UTC))
    events = said(given_on(in_china(2017, 8, 1), utc), EVER)
    assert events == said(given_on(in_china(2017, 8, 1), YEAR_END), EVER)
    assert [event.id for event in events][-1] == f"passed:{TASK}:2019-01-01T00:00:00+08:00"
    assert {event.time.utcoffset() for event in events} == {timedelta(hours=8)}


def test_an_ambiguous_deadline_reminds_on_the_strict_reading() -> None:
    """Reminders count back from the strict reading, the passing is that of the loose one."""
    deadline = Ambiguous("2018年12月前完成", in_china(2018, 12, 1), in_china(2019, 1, 1))
    assert heard(said(given_on(in_china(2017, 8, 1), deadline), EVER)) == [
        ("30", in_china(2018, 11, 1)),
        ("7", in_china(2018, 11, 24)),
        ("1", in_china(2018, 11, 30)),
        ("passed", in_china(2019, 1, 1)),
    ]


def test_milestones_follow_one_another() -> None:
    """Each step nears and passes by itself; a step is not announced before the one ahead of it has passed."""
    steps = Milestones("两步", (Milestone("启动", in_china(2018, 7, 1)), Milestone("完成", in_china(2018, 7, 20))))
    assert heard(said(given_on(in_china(2017, 8, 1), steps), EVER)) == [
        ("30", in_china(2018, 6, 1)),
        ("7", in_china(2018, 6, 24)),
        ("1", in_china(2018, 6, 30)),
        ("passed", in_china(2018, 7, 1)),
        ("7", in_china(2018, 7, 13)),
        ("1", in_china(2018, 7, 19)),
        ("passed", in_china(2018, 7, 20)),
    ]


def test_a_recurring_deadline_has_no_end() -> None:
    """Every occurrence after the deadline was recorded nears and passes; those of the years before are not owed."""
    deadline = Recurring("每季度末", "quarter", in_china(2010, 1, 1))
    assert heard(said(given_on(in_china(2018, 3, 20), deadline), in_china(2018, 9, 30))) == [
        ("7", in_china(2018, 3, 25)),
        ("1", in_china(2018, 3, 31)),
        ("passed", in_china(2018, 4, 1)),
        ("30", in_china(2018, 6, 1)),
        ("7", in_china(2018, 6, 24)),
        ("1", in_china(2018, 6, 30)),
        ("passed", in_china(2018, 7, 1)),
        ("30", in_china(2018, 9, 1)),
        ("7", in_china(2018, 9, 24)),
        ("1", in_china(2018, 9, 30)),
    ]


@pytest.mark.parametrize("report", [reported(), about(example("completion.submitted"), LEAD)])
def test_a_report_of_the_lead_meets_an_occurrence(report: Event) -> None:
    """A report or submission of the lead inside the period spares the task the rest of that occurrence."""
    task = given_on(in_china(2018, 1, 1), Recurring("每年12月底前", "year", in_china(2018, 1, 1)))
    task = folded(msgspec.structs.replace(report, time=in_china(2018, 6, 1)), task=task)
    assert heard(said(task, in_china(2020, 1, 1)))[-1] == ("passed", in_china(2020, 1, 1))
    assert ("passed", in_china(2019, 1, 1)) not in heard(said(task, in_china(2020, 1, 1)))


def test_a_cooperating_unit_meets_no_occurrence() -> None:
    """Only the lead's reports count."""
    task = given_on(in_china(2018, 1, 1), Recurring("每年12月底前", "year", in_china(2018, 1, 1)))
    task = folded(reported(unit=COUNTY, time=in_china(2018, 6, 1)), task=task)
    assert ("passed", in_china(2019, 1, 1)) in heard(said(task, in_china(2020, 1, 1)))


def test_an_early_report_does_not_meet_the_first_occurrence() -> None:
    """A report before the first period has begun meets nothing."""
    task = given_on(in_china(2015, 1, 1), Recurring("每年12月底前", "year", in_china(2018, 1, 1)))
    early = folded(reported(time=in_china(2016, 12, 31)), task=task)
    assert ("passed", in_china(2018, 1, 1)) in heard(said(early, in_china(2018, 1, 1)))
    in_time = folded(reported(time=in_china(2017, 1, 1)), task=task)
    assert said(in_time, in_china(2018, 1, 1)) == []


def test_a_report_counts_for_a_deadline_clarified_in_its_period() -> None:
    """Where a deadline becomes a recurring one, a report already made in the running period meets it."""
    task = given_on(in_china(2018, 1, 1), Triggered("适时", "适时"))
    task = folded(reported(time=in_china(2018, 3, 1)), task=task)
    yearly = DeadlineClarified(Recurring("每年12月底前", "year", in_china(2018, 1, 1)), "上级要求")
    event = msgspec.structs.replace(example("deadline.clarified"), time=in_china(2018, 4, 1), data=yearly)
    assert heard(said(folded(event, task=task), in_china(2020, 1, 1)))[0] == ("30", in_china(2019, 12, 2))


@pytest.mark.parametrize("deadline", [Ongoing("持续实施"), Triggered("适时", "适时"), Unspecified("")])
def test_what_has_no_due_is_never_told(deadline: Deadline) -> None:
    """An ongoing, triggered or unspecified deadline neither nears nor passes."""
    assert said(given_on(in_china(2017, 8, 1), deadline), EVER) == []


def test_nothing_is_said_of_a_closed_task() -> None:
    """Closing silences the clock; reopened, it tells of a due that went by, but makes up for no reminder."""
    task = folded(example("task.closed"), task=given_on(in_china(2017, 8, 1), YEAR_END))
    assert said(task, EVER) == []
    assert heard(said(folded(example("task.reopened"), task=task), EVER)) == [("passed", in_china(2019, 1, 1))]


def test_nothing_recurs_while_a_task_is_closed() -> None:
    """Of what recurs, a reopened task owes no occurrence of the time when it was closed."""
    task = given_on(in_china(2017, 8, 1), Recurring("每月底前", "month", in_china(2017, 9, 1)))
    task = folded(*said(task, in_china(2019, 2, 1)), example("task.closed"), example("task.reopened"), task=task)
    assert heard(said(task, in_china(2019, 4, 1)))[0] == ("7", in_china(2019, 3, 25))


def test_reminders_that_were_past_already_are_left_out() -> None:
    """A deadline recorded late has only the reminders that still lie ahead, but passes all the same."""
    assert heard(said(given_on(in_china(2018, 12, 25), YEAR_END), EVER)) == [
        ("7", in_china(2018, 12, 25)),
        ("1", in_china(2018, 12, 31)),
        ("passed", in_china(2019, 1, 1)),
    ]
    assert heard(said(given_on(in_china(2019, 8, 1), YEAR_END), EVER)) == [("passed", in_china(2019, 1, 1))]


def test_a_new_deadline_starts_afresh() -> None:
    """An extension or clarification has reminders and a passing of its own, also when the old due has passed."""
    task = given_on(in_china(2017, 8, 1), YEAR_END)
    task = folded(*said(task, EVER), task=task)
    assert said(task, EVER) == []
    later = DeadlineClarified(Fixed("2019年6月底前完成", in_china(2019, 7, 1)), "延后")
    event = msgspec.structs.replace(example("deadline.clarified"), time=in_china(2019, 2, 1), data=later)
    assert heard(said(folded(event, task=task), EVER)) == [
        ("30", in_china(2019, 6, 1)),
        ("7", in_china(2019, 6, 24)),
        ("1", in_china(2019, 6, 30)),
        ("passed", in_china(2019, 7, 1)),
    ]


def test_the_same_due_is_never_told_twice() -> None:
    """Where a deadline goes back to a due that has passed, nothing is said of it again, whatever offset it is in."""
    task = given_on(in_china(2017, 8, 1), YEAR_END)
    task = folded(*said(task, EVER), task=task)
    for due in (in_china(2019, 1, 1), datetime(2018, 12, 31, 16, tzinfo=UTC)):
        back = DeadlineClarified(Fixed("2018年底前", due), "维持原期限")
        event = msgspec.structs.replace(example("deadline.clarified"), time=in_china(2018, 10, 1), data=back)
        assert said(folded(event, task=task), EVER) == []


def test_days_to_remind_are_the_ledgers() -> None:
    """Which days are reminded is configured; none is none, and the day itself is told just before the passing."""
    task = given_on(in_china(2017, 8, 1), YEAR_END)
    none = msgspec.structs.replace(LEDGER, remind_days=())
    assert heard(said(task, EVER, none)) == [("passed", in_china(2019, 1, 1))]
    some = msgspec.structs.replace(LEDGER, remind_days=(0, 90))
    assert [name for name, _ in heard(said(task, EVER, some))] == ["90", "0", "passed"]


instants = st.integers(0, 4 * 365 * 24).map(lambda hours: in_china(2017, 1, 1) + timedelta(hours=hours))

dues = st.lists(instants, min_size=1, max_size=5, unique=True).map(sorted)

deadlines = st.one_of(
    instants.map(lambda due: Fixed("x", due)),
    dues.filter(lambda two: len(two) > 1).map(lambda two: Ambiguous("x", two[0], two[1])),
    st.builds(Recurring, st.just("x"), st.sampled_from(list(MONTHS)), instants),
    dues.map(lambda some: Milestones("x", tuple(Milestone("x", due) for due in some))),
    st.just(Ongoing("x")),
)
"""Deadlines that fall due often within the years that the clock goes through."""

remind_days = st.lists(st.integers(0, 100), max_size=4).map(
    lambda days: msgspec.structs.replace(LEDGER, remind_days=tuple(days))
)


@given(deadline=st.one_of(deadlines, strategies.deadlines), since=instants, ledger=remind_days)
def test_what_the_clock_says_is_in_order(deadline: Deadline, since: datetime, ledger: Ledger) -> None:
    """For any deadline, the instants at which the clock speaks never run back."""
    times = [event.time for event in itertools.islice(clock_events(TASK, given_on(since, deadline), ledger), 40)]
    assert times == sorted(times)


@given(deadline=deadlines, since=instants, looks=st.lists(instants, min_size=1, max_size=5), ledger=remind_days)
def test_a_clock_that_looks_late_says_the_same(
    deadline: Deadline, since: datetime, looks: list[datetime], ledger: Ledger
) -> None:
    """However often the clock looks, by its last look it has said the same, each event once, and has no more to say."""
    whole = said(given_on(since, deadline), max(looks), ledger)
    task = given_on(since, deadline)
    spoken: list[Event] = []
    for now in sorted(looks):
        words = said(task, now, ledger)
        task = folded(*words, task=task)
        assert said(task, now, ledger) == []
        spoken += words
    assert [event.id for event in spoken] == [event.id for event in whole]
    assert len({event.id for event in spoken}) == len(spoken)


@given(
    every=st.sampled_from(list(MONTHS)),
    first=st.integers(0, 60).map(lambda month: add_months(in_china(2013, 1, 1), month)),
    since=instants,
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 24 * 100)), max_size=20),
)
def test_an_occurrence_passes_unless_the_lead_reported(
    every: Every, first: datetime, since: datetime, steps: list[tuple[bool, int]]
) -> None:
    """Exactly the occurrences in whose period the lead made no report are told as passed, whatever comes between."""
    task = given_on(since, Recurring("x", every, first))
    now = since
    reports: list[datetime] = []
    passed: list[datetime] = []
    for report, hours in steps:
        now += timedelta(hours=hours)
        words = said(task, now)
        passed += [event.data.due for event in words if isinstance(event.data, DeadlinePassed)]
        task = folded(*words, task=task)
        if report:
            reports.append(now)
            task = folded(reported(number=len(reports), time=now), task=task)
    occurrences = [add_months(first, MONTHS[every] * count) for count in range(200)]
    assert passed == [
        due
        for due in occurrences
        if since < due <= now and not any(add_months(due, -MONTHS[every]) <= at < due for at in reports)
    ]


def test_a_returned_completion_of_a_unit_unknown_to_the_task_is_not_responsible() -> None:
    """The reason given is the unit's, not that it submitted nothing."""
    task = folded(example("task.assigned"), example("completion.submitted"))
    event = msgspec.structs.replace(example("completion.returned"), data=CompletionReturned("市体育局", "x"))
    assert judged(task, event) == "not-responsible"


def test_reassigning_changes_who_has_a_duty() -> None:
    """After a reassignment the new units are heard, those that left are not; what they had submitted left with them."""
    task = folded(example("task.assigned"), example("completion.submitted"))
    data = TaskReassigned("市民政局", (Unit("市民政局", "lead"),), "机构改革")
    task = folded(msgspec.structs.replace(example("task.reassigned"), data=data), task=task)
    assert judged(task, reported(unit="市民政局")) is None
    assert judged(task, reported()) == "not-responsible"
    assert task.submitted == ()


def test_units_outside_the_directory_can_be_given_a_duty() -> None:
    """The event keeps the text's units: one that the directory lacks may report on a task that names it."""
    task = folded(assigned(others=("市火星局",)))
    assert judged(task, reported(unit="市火星局")) is None
    submission = msgspec.structs.replace(reported(), data=CompletionSubmitted("市火星局", "完成"))
    assert judged(task, submission) is None
    request = ExtensionRequested("市火星局", "x", in_china(2019, 6, 1))
    assert judged(task, msgspec.structs.replace(reported(), data=request)) is None
