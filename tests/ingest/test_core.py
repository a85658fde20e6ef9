"""What ingest decides, without a server: every type accepted, and every refusal."""

from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.deadline import (
    Deadline,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
)
from events.envelope import CODES, Event
from events.ledger import CLOCK, Ledger, Source
from events.schema import (
    CompletionReturned,
    CompletionSubmitted,
    DeadlinePassed,
    ExtensionGranted,
    ExtensionRequested,
    ProgressCorrected,
    TaskAssigned,
    TaskReassigned,
    TaskUrged,
    Unit,
)
from events.term import Request, Term
from services.ingest.core import AHEAD, authentic, decide
from services.ingest.task import Task
from tests.events import strategies
from tests.examples import EXAMPLES, LEAD, TASK, assigned, reported
from tests.ingest.task_events import CLOCKS, COUNTY, LEDGER, about, assigned_on, example, fold, folded, in_china

GROUP = "各县（市、区）政府"

REPORTERS = ("task.signed", "progress.reported", "progress.corrected", "completion.submitted", "extension.requested")


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
    own, report = ledger.own_event(event), ledger.own_event(cited) if cited is not None else None
    refusal = decide(task, own, authid, ledger.sources.get(authid), ledger, now or event.time, report)
    assert refusal is None or refusal.detail
    return refusal.code if refusal is not None else None


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
    assert judged(assigned_on(in_china(2018, 5, 1), yearly), yearly_request) is None
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
        term=Term(
            Fixed("2018年11月底前完成", in_china(2019, 1, 1)), example("task.reopened").time, in_china(2019, 1, 1)
        ),
        assigned=1,
        fired=(example("deadline.neared").id, example("deadline.passed").id),
    )


def test_a_request_is_kept_until_it_is_settled() -> None:
    """An open request is known by its event's id; a grant without a due takes the proposed one."""
    task = folded(*BEFORE["extension.granted"])
    assert task.term.request == Request("request-07-2", in_china(2019, 2, 1), in_china(2018, 12, 1))
    granted = msgspec.structs.replace(example("extension.granted"), data=ExtensionGranted("request-07-2"))
    task = folded(granted, task=task)
    assert task.term.request is None
    assert task.term.deadline == Fixed("2018年11月底前完成", in_china(2019, 2, 1))


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
