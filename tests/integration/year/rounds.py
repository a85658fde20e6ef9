"""An upstream's whole year, from a seed: what the office and thirty units submit, with the outcome of each submission.

Events of one task come from several sources and depend on each other. The year goes in rounds. In each, one
source at most submits events of a task; the next round starts when all outcomes are known. In a quarter the
ledger's clock stands at its end: what is due in it passes at the start of the next one, before any submission.
"""

import random
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from events.envelope import MAX_BYTES, Event, encode
from events.ledger import Ledger
from events.schema import CompletionSubmitted, ProgressReported, TaskClosed, TaskSigned, TaskUrged
from tests.integration.year.year_task import OFFICE, SourceEvent, YearTask

SEED = 2018

TASKS = 5_000

EVENTS = 200_000

ROUNDS = 4
"""In a quarter."""

QUARTERS = tuple(datetime.fromisoformat(f"2018-{day}T20:00:00+08:00") for day in ("03-31", "06-30", "09-30", "12-31"))
"""The ledger's instant while a quarter's events are submitted."""

AFTERWARDS = datetime.fromisoformat("2019-01-02T08:00:00+08:00")
"""The ledger's instant at which the year is checked."""

REPEATED = 0.02
"""Share of events that are submitted again."""

INVALID = 0.01
"""Share of events that have to be refused."""


class Submission(NamedTuple):
    """Bytes that a source submits, and the outcome they must have: `accepted`, `duplicate` or a refusal's code."""

    raw: bytes
    becomes: str


Round = Mapping[str, list[Submission]]
"""What each source submits, in its order."""


def sources(ledger: Ledger) -> dict[str, list[str]]:
    """Return the reporters, each with the units that it reports for: its own, a county, and its successor."""
    counties = [member for members in ledger.groups.values() for member in members if member not in ledger.units]
    spoken: dict[str, list[str]] = {}
    for number, unit in enumerate(ledger.units):
        spoken[f"unit-{number + 1:02}"] = [unit, *dict.fromkeys(counties[number : number + 1])]
    for succession in ledger.successions:
        first = next(name for name, units in spoken.items() if succession.predecessors[0] in units)
        if not any(succession.to in units for units in spoken.values()):
            spoken[first].append(succession.to)
    return spoken


class Year:
    """The events of the year, by quarter and round; the same in every run."""

    def __init__(self, ledger: Ledger, tasks: int = TASKS, events: int = EVENTS) -> None:
        self._chance = random.Random(SEED)
        self._spoken = sources(ledger)
        speakers = {unit: source for source, units in self._spoken.items() for unit in units}
        self._tasks = [YearTask(number, ledger, speakers, self._chance) for number in range(tasks)]
        self._left = events
        self._accepted: dict[str, list[bytes]] = {source: [] for source in (OFFICE, *self._spoken)}
        self._odd = 0

    def quarters(self) -> Iterator[tuple[datetime, Iterator[Round]]]:
        """Yield the quarters, each with its rounds, which have to be taken before the next."""
        for number, now in enumerate(QUARTERS):
            yield now, self._rounds(number, now)

    def _rounds(self, quarter: int, now: datetime) -> Iterator[Round]:
        for number in range(ROUNDS):
            rounds_left = (len(QUARTERS) - quarter) * ROUNDS - number
            begin = now - timedelta(days=84 - 21 * number)
            one = self._round(begin, now, self._left // rounds_left)
            self._left -= sum(map(len, one.values()))
            yield one

    def _round(self, begin: datetime, now: datetime, count: int) -> Round:
        """Return `count` submissions: the turn of each task, further reports, repeats and invalid submissions."""
        submissions: dict[str, list[Submission]] = {source: [] for source in self._accepted}
        closed: list[YearTask] = []
        reporting: list[tuple[YearTask, str]] = []
        total = 0
        for task in self._tasks:
            turn = task.turn(now)
            if not turn and task.closed:
                closed.append(task)
            elif turn and isinstance(turn[-1].data, ProgressReported | TaskSigned | CompletionSubmitted):
                reporting.append((task, turn[-1].data.unit))
            for one in turn:
                self._submit(submissions, task.id, one, begin)
            total += len(turn)
        if not reporting:  # the first tasks are being handed out
            return submissions
        odd, again = round(count * INVALID), round(count * REPEATED)
        for _ in range(count - total - odd - again):
            task, unit = self._chance.choice(reporting)
            self._submit(submissions, task.id, task.report(unit), begin)
        for _ in range(again):
            source = self._chance.choice([source for source, raws in self._accepted.items() if raws])
            submissions[source].append(Submission(self._chance.choice(self._accepted[source]), "duplicate"))
        for _ in range(odd):
            source, submission = self._invalid(reporting, closed, begin, now)
            submissions[source].insert(self._chance.randint(0, len(submissions[source])), submission)
        return submissions

    def _submit(
        self, submissions: Mapping[str, list[Submission]], task: str, one: SourceEvent, begin: datetime
    ) -> None:
        time = begin + timedelta(minutes=len(submissions[one.by]))
        raw = encode(Event(one.id, one.source, task, time, one.data))
        submissions[one.by].append(Submission(raw, "accepted"))
        self._accepted[one.by].append(raw)

    def _invalid(
        self, reporting: list[tuple[YearTask, str]], closed: list[YearTask], begin: datetime, now: datetime
    ) -> tuple[str, Submission]:
        """Return a submission that has to be refused, with another code each time."""
        self._odd += 1
        task, unit = self._chance.choice(reporting)
        source = next(name for name, units in self._spoken.items() if unit in units)
        event = Event(f"odd-{self._odd}", source, task.id, begin, ProgressReported(unit, "不应被接受。"))
        assigned = next(raw for raw in self._accepted[OFFICE] if b"task.assigned" in raw)
        kinds = (
            "malformed too-large unknown-type invalid-data unknown-task task-exists task-closed not-responsible "
            "not-permitted unknown-unit id-reused from-the-future"
        )
        kind = kinds.split()[self._odd % len(kinds.split())]
        change = msgspec.structs.replace
        match kind:
            case "malformed":
                raw = encode(event).replace(b'"specversion":"1.0"', b'"specversion":"0.3"')
            case "too-large":
                raw = encode(change(event, data=ProgressReported(unit, "大" * (MAX_BYTES // 3))))
            case "unknown-type":
                raw = encode(event).replace(b"progress.reported.v1", b"progress.imagined.v1")
            case "invalid-data":
                raw = encode(event).replace(b'"data":{', b'"data":{"mood":"good",')
            case "unknown-task":
                raw = encode(change(event, subject="y-none"))
            case "task-exists":
                source = OFFICE
                raw = assigned.replace(b'"id":"', b'"id":"%d-' % self._odd, 1)
            case "task-closed" if closed:
                source = OFFICE
                subject = self._chance.choice(closed).id
                raw = encode(change(event, subject=subject, source=source, data=TaskClosed("cancelled")))
            case "not-responsible":
                others = [(name, one) for name, units in self._spoken.items() for one in units]
                source, other = self._chance.choice([pair for pair in others if pair[1] not in task.duties])
                raw = encode(change(event, source=source, data=ProgressReported(other, "没有职责。")))
            case "unknown-unit":
                source = OFFICE
                raw = encode(change(event, source=source, data=TaskUrged(("市不存在局",), "请报送进展。")))
            case "id-reused":
                source = OFFICE
                raw = assigned.replace(b'"plan":"y-2018"', b'"plan":"y-2019"')
            case "from-the-future":
                raw = encode(change(event, time=now + timedelta(days=1)))
            case _:
                kind = "not-permitted"
                source = next(name for name in self._spoken if name != source)
                raw = encode(change(event, source=source))
        return source, Submission(raw, kind)
