"""The decisions of ingest's core: each type accepted, and each refusal."""

from datetime import timedelta

import hypothesis
import msgspec
import pytest
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
from events.envelope import Event
from events.ledger import CLOCK, NOTIFY, Source
from events.schema import (
    AlertAcknowledged,
    CompletionReturned,
    CompletionSubmitted,
    DeadlinePassed,
    ExtensionGranted,
    ExtensionRequested,
    TaskAssigned,
    TaskReassigned,
    TaskUrged,
    Unit,
)
from events.term import Request, Term
from services.ingest.core import AHEAD, authentic
from services.ingest.task import Task
from tests.events import strategies
from tests.examples import EXAMPLES, LEAD, TASK, assigned, reported
from tests.ingest.given import Decided, given
from tests.ingest.task_events import CLOCKS, COUNTY, LEDGER, about, example, fold, folded, in_china

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
"""The earlier events that the canonical example of a type needs to be accepted."""


def test_examples_of_every_type_are_there() -> None:
    """There is one canonical example for each of the seventeen types."""
    assert len(NAMES) == 17


@pytest.mark.parametrize("name", NAMES)
def test_what_fits_is_accepted(name: str) -> None:
    """An event of each type is accepted from a source with its role, in a task whose state permits it."""
    given(*BEFORE[name]).when(example(name)).then("accepted")


@pytest.mark.parametrize("name", NAMES)
def test_time_runs_ahead_by_five_minutes_at_most(name: str) -> None:
    """An event up to five minutes ahead of the ledger's clock is accepted; a later one is from the future."""
    event = example(name)
    task = given(*BEFORE[name])
    task.when(event, now=event.time - AHEAD).then("accepted")
    task.when(event, now=event.time - AHEAD - timedelta(microseconds=1)).then("from-the-future")


@pytest.mark.parametrize("authid", ["office", "units", "audit", "board", CLOCK, NOTIFY])
@pytest.mark.parametrize("name", NAMES)
def test_each_type_is_for_one_role(name: str, authid: str) -> None:
    """Each type is accepted from one role alone: reporter, assigner, notify, or the ledger's clock."""
    allowed = CLOCK if name in CLOCKS else "units" if name in REPORTERS else "office"
    allowed = NOTIFY if name == "alert.acknowledged" else allowed
    given(*BEFORE[name]).when(example(name), authid=authid).then("accepted" if authid == allowed else "not-permitted")


@pytest.mark.parametrize("name", NAMES)
def test_a_task_has_to_be_assigned_once(name: str) -> None:
    """An assignment of a known task, and anything else of an unknown one, is refused."""
    if name == "task.assigned":
        given(example(name)).when(example(name)).then("task-exists")
    else:
        given().when(example(name)).then("unknown-task")


@pytest.mark.parametrize("name", NAMES)
def test_a_closed_task_can_be_reopened_alone(name: str) -> None:
    """A closed task accepts its reopening alone; its id cannot be assigned again."""
    closed = given(*(BEFORE[name] or [example("task.assigned")]), example("task.closed"))
    expected: dict[str, Decided] = {"task.assigned": "task-exists", "task.reopened": "accepted"}
    closed.when(example(name)).then(expected.get(name, "task-closed"))


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
    task = given(*BEFORE[name])
    task.when(about(example(name), "市体育局")).then("not-responsible")
    task.when(about(example(name), GROUP)).then("not-responsible")
    task.when(about(example(name), "市火星局")).then("unknown-unit")


@pytest.mark.parametrize("name", REPORTERS)
def test_members_of_a_group_have_its_duty(name: str) -> None:
    """A member of a responsible group may submit what a responsible unit may."""
    given(*BEFORE[name]).when(about(example(name), COUNTY)).then("accepted")


@pytest.mark.parametrize("name", REPORTERS)
def test_a_reporter_speaks_for_its_units(name: str) -> None:
    """A reporter may report for the units in its configuration, and for no other unit."""
    task = given(*BEFORE[name])
    task.when(about(example(name), "市残联"), authid="civil-affairs").then("accepted")
    task.when(about(example(name), COUNTY), authid="civil-affairs").then("not-permitted")


@pytest.mark.parametrize("name", REPORTERS)
def test_a_unit_has_its_duty_by_all_its_names(name: str) -> None:
    """A unit and its source may use an alias instead of the directory's name; a group is not responsible."""
    task = given(*BEFORE[name])
    task.when(about(example(name), "市残疾人联合会")).then("accepted")
    task.when(about(example(name), "市残疾人联合会"), authid="civil-affairs").then("accepted")
    task.when(about(example(name), "各县区")).then("not-responsible")


def test_a_lead_reports_by_any_of_its_names() -> None:
    """An alias of the lead is the lead; a completion submitted under one name can be returned under another."""
    assignment, submitted = example("task.assigned"), example("completion.submitted")
    task = given(assignment, about(submitted, "湛江市残联"))
    assert task.task == given(assignment, submitted).task
    task.when(about(example("completion.returned"), "市残疾人联合会")).then("accepted")


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
    """A reporter without units may not report, and no reporter may submit an assigner's event, even for its unit."""
    ledger = msgspec.structs.replace(LEDGER, sources=LEDGER.sources | {"mute": Source("reporter")})
    task = given(*BEFORE[name])
    task.when(example(name), authid="mute", ledger=ledger).then("not-permitted")
    task.when(example(name), authid="civil-affairs").then("accepted" if name in REPORTERS else "not-permitted")


@pytest.mark.parametrize("name", REPORTERS)
def test_a_predecessors_system_is_heard_until_the_task_is_handed_on(name: str) -> None:
    """A succession moves no duty: the old unit may report until the reassignment, from then on the new unit alone."""
    old, new = "市卫生计生局", "市卫生健康局"
    own = {"old": Source("reporter", (old,)), "new": Source("reporter", (new,))}
    ledger = msgspec.structs.replace(LEDGER, sources=LEDGER.sources | own)
    at = in_china(2019, 6, 1)
    task = given(assigned(lead=old, deadline=Fixed("…", in_china(2020, 1, 1))))
    event = msgspec.structs.replace(example(name), time=at)
    if isinstance(event.data, ExtensionRequested):
        event = msgspec.structs.replace(event, data=ExtensionRequested(old, "x", in_china(2021, 1, 1)))
    task.when(about(event, old), authid="old", ledger=ledger).then("accepted")
    task.when(about(event, new), authid="new", ledger=ledger).then("not-responsible")
    handed = TaskReassigned(new, (Unit(new, "lead"),), "机构改革")
    task = task.given(msgspec.structs.replace(example("task.reassigned"), time=at, data=handed))
    task.when(about(event, old), authid="old", ledger=ledger).then("not-responsible")
    task.when(about(event, new), authid="old", ledger=ledger).then("not-permitted")
    task.when(about(event, new), authid="new", ledger=ledger).then("accepted")


@pytest.mark.parametrize(
    ("subject", "detail"),
    [
        ("zj/2017", "slash"),
        (".", "removed from"),
        ("..", "removed from"),
        ("zj\x1b[31m", "U+001B"),
        ("zj\x00", "U+0000"),
        ("zj\n2017", "U+000A"),
        ("zj\x85-1", "U+0085"),
        ("zj\u202e7102", "U+202E"),
        ("zj\u2028x", "U+2028"),
    ],
)
def test_a_tasks_id_can_be_addressed_and_printed(subject: str, detail: str) -> None:
    """A task id that cannot stand in a URL's path, or that contains control characters, is refused."""
    event = msgspec.structs.replace(example("task.assigned"), subject=subject)
    given().when(event).then("invalid-data", detail)


@pytest.mark.parametrize("subject", ["zj-2017-07", "湛江 2017 第7项", "a?b#c%2f", "...", "任务（一）"])
def test_a_tasks_id_is_otherwise_free(subject: str) -> None:
    """Any other text is a valid task id, inner spaces included; URLs percent-encode it."""
    given().when(msgspec.structs.replace(example("task.assigned"), subject=subject)).then("accepted")


def test_of_merged_units_the_leads_part_goes_on() -> None:
    """If the lead and another unit merge, the successor has the lead's submission."""
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
    """An urging that names one unit without a duty is refused."""
    event = example("task.urged")
    assert isinstance(event.data, TaskUrged)
    data = msgspec.structs.replace(event.data, units=("市残联", COUNTY, "市体育局"))
    given(*BEFORE["task.urged"]).when(msgspec.structs.replace(event, data=data)).then("not-responsible")


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (timedelta(0), "invalid-data"),
        (timedelta(microseconds=1), "accepted"),
        (timedelta(days=14), "accepted"),
        (timedelta(days=14, microseconds=1), "invalid-data"),
    ],
)
def test_an_acknowledgement_lasts_fourteen_days_at_most(until: timedelta, expected: Decided) -> None:
    """It ends after its own time, and by fourteen days at most; more than one may be made."""
    event = example("alert.acknowledged")
    assert isinstance(event.data, AlertAcknowledged)
    data = msgspec.structs.replace(event.data, until=event.time + until)
    task = given(*BEFORE["alert.acknowledged"], event)
    task.when(msgspec.structs.replace(event, id="again", data=data)).then(expected)


def test_only_what_is_closed_is_reopened() -> None:
    """Reopening an open task is not permitted."""
    given(example("task.assigned")).when(example("task.reopened")).then("not-permitted")


def test_only_what_was_submitted_is_returned() -> None:
    """A completion is returned once for each submission: not before, not for another unit, not twice."""
    returned, submitted = example("completion.returned"), example("completion.submitted")
    task = given(example("task.assigned"))
    task.when(returned).then("not-permitted")
    task = task.given(submitted)
    task.when(about(returned, COUNTY)).then("not-permitted")
    task.when(returned).then("accepted")
    task = task.given(returned)
    task.when(returned).then("not-permitted")
    task.given(submitted).when(returned).then("accepted")


def test_one_extension_is_open_at_a_time() -> None:
    """A second request is not permitted until the first is granted or refused, or the task is closed and reopened."""
    request = example("extension.requested")
    second = msgspec.structs.replace(request, id="request-07-3")
    task = given(*BEFORE["extension.granted"])
    task.when(second).then("not-permitted")
    refused = msgspec.structs.replace(
        example("extension.refused"),
        data=msgspec.structs.replace(example("extension.refused").data, request_id=request.id),
    )
    task.given(refused).when(second).then("accepted")
    task.given(example("extension.granted")).when(second).then("accepted")
    task.given(example("task.closed"), example("task.reopened")).when(second).then("accepted")


@pytest.mark.parametrize("name", ["extension.granted", "extension.refused"])
def test_an_open_request_is_settled_by_its_id(name: str) -> None:
    """An answer to a request that does not exist, is answered already, or has another id is invalid."""
    task = given(example("task.assigned"))
    task.when(example(name)).then("invalid-data")
    other = msgspec.structs.replace(example("extension.requested"), id="request-07-9")
    task.given(other).when(example(name)).then("invalid-data")
    given(*BEFORE[name], example(name)).when(example(name)).then("invalid-data")


def test_an_extension_is_asked_for_before_the_due_instant() -> None:
    """A request at the due instant is not permitted, with or without a recorded passing."""
    request = example("extension.requested")
    task = given(assigned(deadline=Fixed("2018年12月底前", in_china(2019, 1, 1))))
    due = in_china(2019, 1, 1)
    task.when(request, now=due - timedelta(microseconds=1)).then("accepted")
    task.when(request, now=due).then("not-permitted")
    passed = task.given(example("deadline.passed"))
    passed.when(request, now=due).then("not-permitted")


@pytest.mark.parametrize("deadline", [Ongoing("持续实施"), Triggered("适时", "适时"), Unspecified("")])
def test_what_never_falls_due_cannot_be_extended(deadline: Deadline) -> None:
    """A request without a due instant ahead is not permitted."""
    given(assigned(deadline=deadline)).when(example("extension.requested")).then("not-permitted")


def test_the_next_of_several_dues_can_be_extended() -> None:
    """A request extends the next milestone or occurrence, even if the table was entered years late."""
    data = ExtensionRequested(LEAD, "x", in_china(2020, 3, 1))
    request = msgspec.structs.replace(example("extension.requested"), data=data)  # of October 2018
    steps = Milestones("两步", (Milestone("启动", in_china(2018, 7, 1)), Milestone("完成", in_china(2020, 1, 1))))
    task = given(assigned(deadline=steps))
    task.when(request).then("accepted")
    first = Event("passed", f"{CLOCK}/clock", TASK, in_china(2018, 7, 1), DeadlinePassed(in_china(2018, 7, 1)))
    task.given(first).when(request).then("accepted")
    yearly = Recurring("每年12月底前", "year", in_china(2010, 1, 1))
    yearly_request = example("extension.requested")
    given(assigned(deadline=yearly, time=in_china(2018, 5, 1))).when(yearly_request).then("accepted")
    last = msgspec.structs.replace(request, time=in_china(2020, 1, 1))
    task.given(first).when(last).then("not-permitted")


def test_an_extension_can_be_asked_for_after_an_occurrence_was_met() -> None:
    """After an occurrence was met, the next one can be extended."""
    task = given(
        assigned(deadline=Recurring("每月底前", "month", in_china(2017, 9, 1))), reported(time=in_china(2017, 8, 20))
    )
    data = ExtensionRequested(LEAD, "x", in_china(2017, 10, 20))
    request = msgspec.structs.replace(example("extension.requested"), time=in_china(2017, 8, 21), data=data)
    task.when(request).then("accepted")


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
    """Any event can be folded on an unknown, open, submitted or closed task."""
    event = example(name)
    for before in ([], [example("task.assigned")], *BEFORE.values(), list(EXAMPLES.values())):
        task = fold(*before)
        after = fold(event, task=task)
        assert (after is None) == (task is None and name != "task.assigned")


@hypothesis.given(st.lists(strategies.events, max_size=12))
def test_evolve_never_refuses(events: list[Event]) -> None:
    """Any events at all can be folded, in any order."""
    fold(*events)


def test_the_life_of_a_task_is_folded() -> None:
    """All examples in order fold into the state that later decisions need."""
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
    """A reopened task is in progress and has no submissions."""
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
    """The code refers to the unit, not to the missing submission."""
    task = given(example("task.assigned"), example("completion.submitted"))
    event = msgspec.structs.replace(example("completion.returned"), data=CompletionReturned("市体育局", "x"))
    task.when(event).then("not-responsible")


def test_reassigning_changes_who_has_a_duty() -> None:
    """After a reassignment the new units may report, the former ones may not; their submissions are gone."""
    task = given(example("task.assigned"), example("completion.submitted"))
    data = TaskReassigned("市民政局", (Unit("市民政局", "lead"),), "机构改革")
    task = task.given(msgspec.structs.replace(example("task.reassigned"), data=data))
    task.when(reported(unit="市民政局")).then("accepted")
    task.when(reported()).then("not-responsible")
    assert task.task is not None
    assert task.task.submitted == ()


def test_units_outside_the_directory_can_be_given_a_duty() -> None:
    """The event keeps the text's units: one that the directory lacks may report on a task that names it."""
    task = given(assigned(others=("市火星局",)))
    task.when(reported(unit="市火星局")).then("accepted")
    submission = msgspec.structs.replace(reported(), data=CompletionSubmitted("市火星局", "完成"))
    task.when(submission).then("accepted")
    request = ExtensionRequested("市火星局", "x", in_china(2019, 6, 1))
    task.when(msgspec.structs.replace(reported(), data=request)).then("accepted")
