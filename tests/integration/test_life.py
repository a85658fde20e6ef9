"""The running services beside a model of them, through anything that sources and time can do to tasks."""

import json
import logging
import os
import shutil
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.events.driver import Driver
from tests.integration.model.book import Book, Verdict
from tests.integration.model.directory import NOTIFY, PATH, Directory
from tests.integration.model.draws import Draws
from tests.integration.model.dues import instant
from tests.integration.model.generators import (
    acknowledgement,
    any_submission,
    assignment,
    last_word,
    reassignment,
    repeated,
)
from tests.integration.model.hall import ARRAY, INBOX, LINES, ONE, SERVICES, Hall
from tests.integration.model.row import differences, plain
from tests.integration.model.submission import Submission
from tests.integration.model.term import Word

START = datetime.fromisoformat("2018-02-10T09:00:00+08:00")
"""Some weeks before units end."""

LIVES = os.environ.get("DUBAN_TEST_LIVES")
"""How many ledgers are led through a life, at random; if it is not set, always the same few, for two minutes."""

PARTS = 6
"""Tests among which the lives are divided, so that several workers share them."""

STEPS = 50
"""Steps of a life: enough for tasks to be returned, extended, closed and opened again, few enough to be made simple."""

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)

DIRECTORY = Directory()

END = DIRECTORY.ends()[0]

REPORTERS = [name for name, source in DIRECTORY.sources.items() if source["role"] == "reporter"]

ASSIGNERS = [name for name, source in DIRECTORY.sources.items() if source["role"] == "assigner"]

READERS = [name for name, source in DIRECTORY.sources.items() if source["role"] not in {"reporter", "assigner"}]

LIGHTS = ("light", "light_reason")
"""What time alone changes: in the rows as they stand, within a minute."""

NOW_AND_THEN = 3
"""Of so many steps one may be something else than writing or waiting, so that tasks get on."""

SELDOM = 20
"""Steps between two replacements of a service: one takes as long as many others."""

several = st.sampled_from([1, 2, 4, 8])

doors = st.sampled_from([LINES, ARRAY, INBOX])

spans = st.sampled_from([timedelta(minutes=3), timedelta(hours=7), DAY, 7 * DAY, 40 * DAY])


class LifeMachine(RuleBasedStateMachine):
    """A ledger of the services and one of the model, given the same."""

    driver: Driver
    hall: Hall

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(DIRECTORY, START)
        self.sent: list[tuple[str, Submission]] = []
        self.unheard: Counter[tuple[str, Word]] = Counter()
        self.read = 0
        self.steps = 0
        self.replaced = SELDOM
        self.refusals = "0-0"
        self.histories: dict[str, list[dict[str, Any]]] = {}
        self.past: list[tuple[int, dict[str, Any]]] = []
        self.driver(self.hall.open(START))

    @initialize(data=st.data(), count=st.integers(1, 2))
    def office_begins(self, data: st.DataObject, count: int) -> None:
        """The office hands out the first tasks."""
        self._write(data, "office", count, LINES, assignment)

    @rule(data=st.data(), source=st.sampled_from(["units"] * 3 + REPORTERS), count=several, door=doors)
    def units_write(self, data: st.DataObject, source: str, count: int, door: str) -> None:
        """Units tell what they have done."""
        self._write(data, source, count, door)

    @rule(data=st.data(), source=st.sampled_from(["office"] * 3 + ASSIGNERS), count=several, door=doors)
    def offices_write(self, data: st.DataObject, source: str, count: int, door: str) -> None:
        """Offices hand out and settle."""
        self._write(data, source, count, door)

    @precondition(lambda self: self.steps % NOW_AND_THEN == 0)
    @rule(data=st.data(), source=st.sampled_from([NOTIFY] * 4 + ["office", "units"]), count=st.integers(1, 2))
    def somebody_takes_on_an_alert(self, data: st.DataObject, source: str, count: int) -> None:
        """People acknowledge by notify, which has an inbox; no other source may."""
        self._write(data, source, count, INBOX, acknowledgement)

    @precondition(lambda self: self.steps % NOW_AND_THEN == 0)
    @rule(data=st.data(), source=st.sampled_from(READERS), door=doors)
    def readers_write(self, data: st.DataObject, source: str, door: str) -> None:
        """Who may only read writes."""
        self._write(data, source, 1, door)

    @precondition(lambda self: self.steps % NOW_AND_THEN == 0)
    @rule(data=st.data(), count=st.integers(1, 2), door=doors)
    def somebody_repeats(self, data: st.DataObject, count: int, door: str) -> None:
        """A source sends again what it has sent, or other bytes with the same id."""
        draws = Draws(data, self.book)
        source, _ = draws.one_of(*self.sent)
        own = [submission for by, submission in self.sent if by == source]
        door = INBOX if source == NOTIFY else door
        count = 1 if source in READERS else count  # what is not even read is kept as one
        submissions = [repeated(draws, draws.one_of(*own)) for _ in range(count)]
        self._hand_in(source, door, [(submission, self.book.judge(submission, source)) for submission in submissions])

    @rule(span=spans, awaited=st.booleans())
    def time_goes_by(self, span: timedelta, awaited: bool) -> None:  # noqa: FBT001 - hypothesis names it
        """Minutes, days or months go by."""
        self._go(self.book.now + span, awaited=awaited)

    @precondition(lambda self: self.book.ahead())
    @rule(data=st.data(), beside=st.sampled_from([timedelta(0), -SECOND, SECOND]), awaited=st.booleans())
    def something_falls_due(self, data: st.DataObject, beside: timedelta, awaited: bool) -> None:  # noqa: FBT001 - the same
        """Time goes to an instant of which the clock has something to say, or just beside it."""
        self._go(max(self.book.now, data.draw(st.sampled_from(self.book.ahead())) + beside), awaited=awaited)

    @precondition(lambda self: self.book.now < END)
    @rule(data=st.data(), beside=st.sampled_from([timedelta(0), -SECOND, SECOND, 3 * DAY]))
    def units_end(self, data: st.DataObject, beside: timedelta) -> None:
        """Units are merged into another, and the office hands on what they have done."""
        self._write(data, "units", 2, LINES, last_word)
        self._go(max(self.book.now, END + beside), awaited=True)
        self._write(data, "office", 2, LINES, reassignment)

    @precondition(lambda self: self.steps >= self.replaced)
    @rule(service=st.sampled_from(list(SERVICES)), span=spans)
    def a_service_is_replaced(self, service: str, span: timedelta) -> None:
        """A service stops, and some time later another goes on from what it has kept."""
        self.replaced = self.steps + SELDOM
        self._hear_out()
        self.driver(self.hall.stop(service))
        self._go(self.book.now + span, awaited=False)
        self.driver(self.hall.start(service))
        self._settle()

    @precondition(lambda self: self.steps % NOW_AND_THEN == 0)
    @rule(data=st.data())
    def somebody_looks(self, data: st.DataObject) -> None:
        """Rows have the lights of this instant within a minute; each can be asked for by itself, with its history."""
        self.steps += 1
        self._hear_out()
        rows = plain(self.book.rows())
        self.driver(self.hall.shows(rows))
        task = data.draw(st.sampled_from(list(rows)))
        code, position, shown = self.driver(self.hall.read(f"tasks/{task}"))
        assert (code, position, plain(shown)) == (200, self.book.tail, rows[task])
        _, _, history = self.driver(self.hall.read(f"tasks/{task}/events"))
        assert history == {"items": self.histories[task], "next": None, "total": len(self.histories[task])}

    @precondition(lambda self: self.steps % NOW_AND_THEN == 0)
    @rule(data=st.data())
    def somebody_looks_back(self, data: st.DataObject) -> None:
        """The rows of any past position are those that stood there then."""
        self.steps += 1
        self._hear_out()
        position, rows = self.past[data.draw(st.integers(0, len(self.past) - 1))]
        self._compare(rows, position, as_of=position)

    def teardown(self) -> None:
        self.driver(self.hall.close())

    def _write(
        self,
        data: st.DataObject,
        source: str,
        count: int,
        door: str,
        draw: Callable[[Draws, str], Submission] = any_submission,
    ) -> None:
        draws = Draws(data, self.book)
        judged = []
        for _ in range(count):  # each fits how those before it leave the tasks
            submission = draw(draws, source)
            judged.append((submission, self.book.judge(submission, source)))
            self.sent.append((source, submission))
        self._hand_in(source, door, judged)

    def _hand_in(self, source: str, door: str, judged: Sequence[tuple[Submission, Verdict]]) -> None:
        """Hand submissions in, all at once; fails where it is not their verdicts that come back."""
        self.steps += 1
        if door != INBOX and len(judged) == 1:
            door = ONE
        elif door == ARRAY and not all(submission.is_json for submission, _ in judged):
            door = LINES  # in an array, one would break them all
        for submission, verdict in judged:
            note(f"{source}, {door}: {submission.raw[:800].decode(errors='replace')}\n  → {verdict}")
        outcomes = self.driver(self.hall.submit(source, door, [submission.raw for submission, _ in judged]))
        kept = self.driver(self.hall.refused(self.refusals))
        self.refusals = kept[-1][0] if kept else self.refusals
        if source in READERS and door != INBOX:
            self._check_reader_refused(source, kept)
            return
        refused = [(source.encode(), submission.raw) for submission, verdict in judged if verdict.outcome == "refused"]
        assert [(fields["by"], fields["raw"]) for _, fields in kept] == refused
        for (submission, verdict), outcome in zip(judged, outcomes, strict=True):
            assert (outcome["outcome"], outcome.get("position")) == (verdict.outcome, verdict.position), outcome
            assert outcome.get("code") in (verdict.codes or {None}), outcome
            if submission.event is not None:
                assert (outcome["source"], outcome["id"]) == submission.name
        self._settle(source, [submission for submission, verdict in judged if verdict.outcome == "accepted"])

    def _check_reader_refused(self, source: str, kept: Sequence[tuple[str, dict[str, bytes]]]) -> None:
        """Fail where not just the head of one request is kept: it was refused before its body was read."""
        ((_, fields),) = kept
        assert (fields["by"], json.loads(fields["head"])["method"]) == (source.encode(), "POST")
        assert json.loads(fields["e"])["code"] == "not-permitted"
        self._settle()

    def _go(self, instant: datetime, *, awaited: bool) -> None:
        """Set the clock; what it has to say by then comes at once, or else before the next submission."""
        self.steps += 1
        self._hear_out()
        note(f"it is {instant.astimezone(DIRECTORY.zone).isoformat()}")
        self.book.now = instant
        self.hall.clock.set(instant)
        self.unheard.update(self.book.words())
        if awaited:
            self._settle()

    def _hear_out(self) -> None:
        """Let the clock say what it has to before anything else can come between."""
        if self.unheard:
            self._settle()

    def _settle(self, source: str = "", accepted: Sequence[Submission] = ()) -> None:
        """Fail where the log does not go on with what the clock has to say, what was accepted, and what comes of it."""
        before, after = self.unheard, Counter(self.book.words())
        log = self.driver(self.hall.grown(self.read, self.book.tail - self.read))
        assert [position for position, _ in log] == list(range(self.read + 1, self.book.tail + 1)), (
            before + after,
            log,
        )
        self._hear(log[: before.total()], before)
        log = log[before.total() :]
        for submission, (position, raw) in zip(accepted, log, strict=False):
            self._keep(position, raw, submission.raw, source)
        self._hear(log[len(accepted) :], after)
        self.read, self.unheard = self.book.tail, Counter()
        rows = plain(self.book.rows())
        if log or before:
            self.past.append((self.read, rows))
        self._compare(rows, self.read, LIGHTS)
        self._compare(rows, self.read, as_of=self.book.now.isoformat())

    def _hear(self, log: Sequence[tuple[int, bytes]], expected: Counter[tuple[str, Word]]) -> None:
        """Fail where these are not what the clock had to say, each once."""
        heard: Counter[tuple[str, Word]] = Counter()
        for position, raw in log:
            event = json.loads(raw)
            days = event["data"].get("days_left")
            assert event["type"] == f"duban.deadline.{'passed' if days is None else 'neared'}.v1"
            heard[event["subject"], Word(instant(event["time"]), instant(event["data"]["due"]), days)] += 1
            self._keep(position, raw, raw.partition(b',"recordedtime"')[0] + b"}", "duban")
        assert heard == expected

    def _keep(self, position: int, raw: bytes, sent: bytes, authid: str) -> None:
        """Fail where the log does not keep the bytes as they were sent, with the instant and who sent them."""
        event = json.loads(raw)
        assert instant(event["recordedtime"]) == self.book.now
        added = f',"recordedtime":"{event["recordedtime"]}","authid":"{authid}"}}'
        assert raw == sent[:-1] + added.encode()
        self.book.tasks[event["subject"]].position = position
        self.histories.setdefault(event["subject"], []).append(event | {"position": position})

    def _compare(self, rows: dict[str, Any], position: int, but: Container[str] = (), **query: Any) -> None:
        """Fail where status shows other rows, `but` for some members, or shows them of another position."""
        reached, answer = self.driver(self.hall.read_at(position, "tasks", limit=1_000, **query))
        shown = {row["task"]: plain(row) for row in answer["items"]}
        found = differences(rows, shown)
        assert not {place: values for place, values in found.items() if place.partition(" ")[2] not in but}
        assert reached == position


@pytest.fixture
def services(server_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Iterator[tuple[Driver, Hall]]:
    """Return the services, not yet open, and what drives them."""
    caplog.set_level(logging.WARNING, "faststream")  # as services set it; it tells of each start and stop
    shutil.copy(PATH, tmp_path)
    driver = Driver(server_url)
    yield driver, Hall(driver.redis, server_url, tmp_path, list(DIRECTORY.sources))
    driver.close()


@pytest.mark.long(30)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_services_do_what_the_model_does(services: tuple[Driver, Hall], part: int) -> None:
    """Whatever sources submit, and whenever: outcomes, log, rows, lights and the clock's words are the model's."""

    class Machine(LifeMachine):
        driver, hall = services

    run_state_machine_as_test(
        seed(part)(Machine) if LIVES is None else Machine,
        settings=settings(
            max_examples=int(LIVES or 60) // PARTS,
            stateful_step_count=STEPS,
            database=None,
            report_multiple_bugs=False,
            deadline=None,
            phases=[Phase.generate, Phase.shrink],  # to explain would take another hundred lives
            suppress_health_check=[HealthCheck.too_slow],  # each life starts two services
        ),
    )
