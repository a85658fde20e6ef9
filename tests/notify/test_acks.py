"""What is kept of an acknowledgement, how a repeat is recognised, and who may acknowledge."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from events.entries import Recorded
from events.envelope import read
from events.ledger import Ledger, Source
from events.schema import AlertAcknowledged, Unit
from services.notify.acks import Ack, Person, acknowledgement, refusal
from services.notify.notified_task import NotifiedTask, evolve
from tests.examples import EXAMPLES, LEAD, assigned, store

EVENT = EXAMPLES["duban.alert.acknowledged.v1"]

LEDGER = Ledger(
    "湛江市",
    groups={"各县（市、区）政府": ("廉江市", "遂溪县")},
    units=("市残联", "市民政局", "市教育局"),
    sources={
        "office": Source("assigner"),
        "federation": Source("reporter", ("市残联",)),
        "county": Source("reporter", ("遂溪县",)),
        "schools": Source("reporter", ("市教育局",)),
        "audit": Source("auditor"),
        "board": Source("dashboard"),
    },
)

UNITS = (Unit("市民政局", "lead"), Unit("各县（市、区）政府", group=True))


def folded() -> NotifiedTask:
    """Return the canonical task after its acknowledgement."""
    task: NotifiedTask | None = None
    for position, event in enumerate((assigned(), EVENT), 1):
        task = evolve(LEDGER, task, Recorded(position, read(store(event))))
    assert task is not None
    return task


def test_the_fold_keeps_acknowledgements() -> None:
    """With who, a word, until when, when and where it was recorded, and by what means; closing changes none."""
    (ack,) = folded().acks
    data = EVENT.data
    assert isinstance(data, AlertAcknowledged)
    at = read(store(EVENT)).recorded
    assert ack == Ack(EVENT.id, data.alert, data.by, data.word, data.until, at or EVENT.time, 2, "link")
    closed = evolve(LEDGER, folded(), Recorded(3, EXAMPLES["duban.task.closed.v1"]))
    assert closed is not None
    assert closed.acks == (ack,)
    reopened = evolve(LEDGER, closed, Recorded(4, EXAMPLES["duban.task.reopened.v1"]))
    assert reopened is not None
    assert reopened.acks == (ack,)


@pytest.mark.parametrize(
    ("source", "means", "of"),
    [
        ("notify/link", "link", ""),
        ("notify/session/office", "session", "office"),
        ("notify/token/units", "token", "units"),
        ("notify", "link", ""),
        ("notify/something/else", "link", "else"),
    ],
)
def test_the_source_of_the_event_has_the_means(source: str, means: str, of: str) -> None:
    """By link, session or token; a log that has another word there is folded all the same."""
    task = evolve(LEDGER, None, Recorded(1, assigned()))
    after = evolve(LEDGER, task, Recorded(2, replace(EVENT, source=source)))
    assert after is not None
    assert [(ack.means, ack.source) for ack in after.acks] == [(means, of)]


def test_an_id_follows_from_all_but_the_instant() -> None:
    """The same again has the same id; another name, word, alert, task, end or person has another one."""
    data, now = EVENT.data, EVENT.time
    assert isinstance(data, AlertAcknowledged)
    link = Person("link")
    first = acknowledgement(link, "t-1", data, now)
    assert acknowledgement(link, "t-1", data, now + timedelta(minutes=3)).id == first.id
    others = [
        acknowledgement(Person("session", "office"), "t-1", data, now),
        acknowledgement(link, "t-2", data, now),
        *(
            acknowledgement(link, "t-1", replace(data, **change), now)
            for change in ({"by": "王"}, {"word": "…"}, {"alert": "x"}, {"until": data.until + timedelta(seconds=1)})
        ),
    ]
    assert len({first.id, *(event.id for event in others)}) == 7
    assert [event.source for event in others[:2]] == ["notify/session/office", "notify/link"]


@pytest.mark.parametrize(
    ("source", "recipient", "at_a_desk", "may"),
    [
        ("office", "市民政局", False, True),
        ("federation", "市民政局", False, False),
        ("federation", "市残联", False, True),
        ("county", "市民政局", False, True),
        ("schools", "督查室", True, False),
        ("audit", "市民政局", True, False),
        ("board", "督查室", True, True),
        ("board", "督查室", False, False),
    ],
)
def test_who_may_acknowledge(source: str, recipient: str, at_a_desk: bool, may: bool) -> None:  # noqa: FBT001 - pytest names them
    """The office; a reporter of the recipient or of a unit of the task, groups expanded; a person at a dashboard."""
    wrong = refusal(LEDGER, source, UNITS, recipient, at_a_desk=at_a_desk)
    assert (wrong is None) == may
    assert may or source in (wrong or "")


def test_the_lead_of_the_example_is_its_own() -> None:
    """A reporter of the lead may acknowledge what went to somebody else."""
    assert refusal(LEDGER, "federation", (Unit(LEAD, "lead"),), "督查室", at_a_desk=False) is None
