"""`audit verify --archive --state`: what an earlier run verified is not read again, and nothing else changes."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events.entries import Recorded
from events.envelope import read
from events.seal.policy import parse_policy
from events.working_days import LIBRARY
from services.cli.archived import alert_process, following
from services.cli.archived.archives import Archives, PresentRules
from services.cli.archived.keeper import Keeping, VerificationStoppedError
from services.cli.archived.state_file import StateFile, VerifyClock
from services.cli.archived.verifying import Verified, verify_archives
from services.cli.fsck.files import DirectoryFiles
from services.notify.elapsed import arisen
from services.notify.notified_task import evolve
from services.notify.record import alert_entry
from tests.cli.ledger_life import KINDS, LedgerLife, Step
from tests.events.seal.logs import ORIGIN, Sealed, policy_text
from tests.ingest.running_writer import LEDGER

NOW = datetime(2026, 11, 30, tzinfo=UTC)

STREAMS = ("log", "rules", "record")


class Growing:
    """The archives of a ledger that grow; the keys are made once."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.sizes = dict.fromkeys(STREAMS, 0)

    def _sealed(self, stream: str) -> Sealed:
        sealed = Sealed(self.base / "keys" / stream, ORIGIN if stream == "log" else f"{ORIGIN}/{stream}")
        sealed.root = self.base / stream
        return sealed

    def grow(self, stream: str, entries: list[bytes]) -> None:
        """Seal the entries of a stream that it does not have yet."""
        self._sealed(stream).grow(entries[self.sizes[stream] :])
        self.sizes[stream] = len(entries)

    def grow_all(self, life: LedgerLife, position: int, recorded: int | None = None) -> None:
        """Seal a life up to a position, and the record of one up to another."""
        self.grow("rules", life.rules_until(position))
        for sha256, text in life.texts.items():
            (self.base / "rules" / sha256).write_bytes(text)
        self.grow("log", life.log[:position])
        self.grow("record", life.record_until(position if recorded is None else recorded))

    def policy(self) -> bytes:
        """Return the policy that trusts these archives."""
        return policy_text([key for stream in STREAMS for key in self._sealed(stream).signer.keys], "quorum none")

    def verify(self, state: Path | None = None, stop_after: int | None = None) -> Verified | None:
        """Verify as the command does; None if it was stopped after some steps. Each step saves the state."""
        archives = Archives(*(DirectoryFiles(self.base / stream) for stream in STREAMS))
        keeping = None
        if state is not None:
            ticks, steps = count(), count()
            clock = VerifyClock(lambda: NOW, lambda: 10.0 * next(ticks))
            keeping = Keeping(StateFile(state, clock), lambda: stop_after is not None and next(steps) >= stop_after)
        policy = parse_policy(self.policy())
        work = verify_archives(archives, policy, PresentRules(LEDGER), None, lambda _: None, None, keeping)
        try:
            return asyncio.run(work)
        except VerificationStoppedError:
            return None


def findings(verified: Verified | None) -> list[str]:
    """Return what was found, in an order of its own."""
    assert verified is not None
    return sorted(f"{one.check} {one.where}: {one.detail}" for one in verified.findings)


class Run(NamedTuple):
    """A verification of a part of a life: of the log and of the record, in hundredths, and when it is interrupted."""

    log: int
    lag: int
    stop_after: int | None


STEPS = st.lists(
    st.builds(Step, st.sampled_from(KINDS), st.integers(0, 3), st.integers(0, 40), st.sampled_from([1, 1, 1, 3, 60])),
    min_size=5,
    max_size=40,
)

RUNS = st.lists(st.builds(Run, st.integers(1, 99), st.integers(-20, 20), st.none() | st.integers(1, 4)), max_size=4)


def dropped(entries: list[bytes], place: int) -> None:
    entries.pop(place)


def repeated(entries: list[bytes], place: int) -> None:
    entries.append(entries[place])


def altered(entries: list[bytes], place: int) -> None:
    entries[place] = entries[place].replace("市残联".encode(), "市民政局".encode()).replace(b"2018-0", b"2018-1")


TAMPERED: dict[str, Callable[[list[bytes], int], None]] = {"drop": dropped, "repeat": repeated, "alter": altered}


@pytest.fixture(scope="module")
def small_steps() -> Iterator[None]:
    """Save after each bundle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(following, "STEP", 1)
        yield


def lived(steps: list[Step]) -> LedgerLife:
    return LedgerLife().live([*(Step("assign", task) for task in range(3)), *steps])


@settings(max_examples=20)
@given(steps=STEPS, runs=RUNS)
def test_a_right_ledger_verified_in_parts_is_right(small_steps: None, steps: list[Step], runs: list[Run]) -> None:
    """However it grew and wherever runs were interrupted; the last run says what one of all of it says."""
    life = lived(steps)
    with tempfile.TemporaryDirectory() as folder:
        archives, state = Growing(Path(folder)), Path(folder) / "state"
        verify_in_parts(archives, life, runs, state)
        archives.grow_all(life, len(life.log))
        fresh = findings(archives.verify())
        assert fresh == []
        assert findings(archives.verify(state)) == fresh
        again = archives.verify(state)
        assert again is not None
        assert (findings(again), again.kept, again.beginning.after) == (fresh, True, len(life.log))


@settings(max_examples=20)
@given(
    steps=STEPS,
    runs=RUNS,
    stream=st.sampled_from(["log", "record"]),
    edit=st.sampled_from(sorted(TAMPERED)),
    place=st.integers(0, 99),
)
def test_what_is_wrong_later_is_found_as_in_one_run(
    small_steps: None, steps: list[Step], runs: list[Run], stream: str, edit: str, place: int
) -> None:
    """With the same findings, each time."""
    life = lived(steps)
    with tempfile.TemporaryDirectory() as folder:
        archives, state = Growing(Path(folder)), Path(folder) / "state"
        verify_in_parts(archives, life, runs, state)
        entries = life.log if stream == "log" else life.record
        sealed = archives.sizes[stream]
        if sealed < len(entries):
            TAMPERED[edit](entries, sealed + place * (len(entries) - sealed) // 100)
        archives.grow("rules", life.rules_until(len(life.log)))
        archives.grow("log", life.log)
        archives.grow("record", life.record)
        fresh = findings(archives.verify())
        assert findings(archives.verify(state)) == fresh
        assert findings(archives.verify(state)) == fresh


def verify_in_parts(archives: Growing, life: LedgerLife, runs: list[Run], state: Path) -> None:
    """Let archives grow and verify them each time, with one state."""
    log = record = 0
    for run in sorted(runs, key=lambda run: (run.log, run.lag)):
        log = max(log, run.log * len(life.log) // 100)
        record = max(record, min(len(life.log), log + run.lag * len(life.log) // 100))
        if log:
            archives.grow_all(life, log, record)
            verified = archives.verify(state, run.stop_after)
            assert verified is None or findings(verified) == findings(archives.verify())


def test_a_correction_that_cites_an_entry_of_an_earlier_run_reads_what_was_sealed(tmp_path: Path) -> None:
    """Which is proved: nobody can put another entry there between two runs."""
    life = lived([Step("report", 0), Step("correct", 0), Step("report", 1), Step("correct", 1)])
    archives, state = Growing(tmp_path), tmp_path / "state"
    until = next(at for at, raw in enumerate(life.log) if b"duban.progress.corrected" in raw)
    archives.grow_all(life, until)
    assert findings(archives.verify(state)) == []
    archives.grow_all(life, len(life.log))
    saved = state.read_bytes()
    assert findings(archives.verify(state)) == []
    state.write_bytes(saved)
    (bundle,) = (tmp_path / "log/tile/entries").rglob(f"*.p/{len(life.log)}")
    bundle.write_bytes(bundle.read_bytes().replace(b"50", b"51", 1))
    assert any("is not the one that was sealed" in one for one in findings(archives.verify(state)))


def test_a_record_behind_its_log_is_compared_when_it_comes(tmp_path: Path) -> None:
    """An alert that a later event's alert has overtaken is missing, though an earlier run read its cause."""
    life = lived([Step("urge", 0), Step("urge", 1), Step("urge", 2)])
    archives, state = Growing(tmp_path), tmp_path / "state"
    archives.grow_all(life, len(life.log), 3)
    assert findings(archives.verify(state)) == []
    archives.grow_all(life, len(life.log), len(life.log) - 2)
    first = archives.verify(state)
    assert (findings(first), first is not None and first.beginning.after) == ([], len(life.log))
    life.record.pop(-2)
    archives.grow("record", life.record)
    found = findings(archives.verify(state))
    assert found == findings(archives.verify())
    assert ["missing: " in one for one in found] == [True]


def test_a_record_ahead_of_its_log_is_compared_when_the_log_comes(tmp_path: Path) -> None:
    """And an invented alert is found then."""
    life = lived([Step("urge", 0), Step("urge", 1), Step("urge", 2)])
    altered(life.record, len(life.record) - 1)
    archives, state = Growing(tmp_path), tmp_path / "state"
    archives.grow_all(life, len(life.log) - 1, len(life.log))
    assert findings(archives.verify(state)) == []
    archives.grow_all(life, len(life.log))
    found = findings(archives.verify(state))
    assert found == findings(archives.verify())
    assert found


def test_rules_that_come_later_are_not_ignored(small_steps: None, tmp_path: Path) -> None:
    """A log that was verified before they were sealed is verified again from its first entry on."""
    life = lived([Step("report", 0), Step("rules"), Step("report", 1), Step("report", 0)])
    archives, state = Growing(tmp_path), tmp_path / "state"
    archives.grow_all(life, 4)
    assert findings(archives.verify(state)) == []
    archives.grow_all(life, len(life.log))
    done = archives.verify(state)
    assert (findings(done), done is not None and done.beginning.after) == ([], 0)
    assert done is not None
    assert "are new" in (done.beginning.note or "")


@pytest.mark.parametrize("cut", [0, 1])
def test_an_alert_that_came_before_an_event_was_folded_stays_right(tmp_path: Path, cut: int) -> None:
    """By the tasks that the state has, or by those before them, for which the earlier entries are read again."""
    life = lived([Step("report", 1, 4), Step("report", 1, 89), Step("report", 1, 5), Step("urge", 1)])
    reports = [position for position, raw in enumerate(life.log, 1) if b"duban.progress.reported" in raw]
    task = None
    for position, raw in enumerate(life.log[: reports[0]], 1):
        entry = Recorded(position, read(raw))
        task = evolve(LEDGER, task, entry) if entry.event.subject == "t1" else task
    assert task is not None
    until = read(life.log[-1]).at
    early = [alert for alert in arisen(LEDGER, LIBRARY, "t1", task, task.seen, until) if alert.on == "silent"]
    assert early
    archives, state = Growing(tmp_path), tmp_path / "state"
    archives.grow_all(life, reports[cut])
    assert findings(archives.verify(state)) == []
    life.record.append(alert_entry(early[0]))
    life.caused_at.append(len(life.log))
    archives.grow_all(life, len(life.log))
    assert findings(archives.verify()) == []
    assert findings(archives.verify(state)) == []


def test_another_process_gives_and_takes_the_state_of_alerts(
    small_steps: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As this one does: stopped, resumed, and with a record that was tampered with."""
    monkeypatch.setattr(alert_process, "FEWEST_APART", 0)
    monkeypatch.setattr(alert_process, "processors", lambda: 2)
    life = lived([Step("report", 0, times=300), Step("urge", 0), Step("urge", 1, times=20), Step("urge", 2)])
    archives, state = Growing(tmp_path), tmp_path / "state"
    archives.grow_all(life, len(life.log) - 10)
    assert archives.verify(state, stop_after=1) is None
    altered(life.record, len(life.record) - 1)
    archives.grow_all(life, len(life.log))
    done = archives.verify(state)
    assert (findings(done), done is not None and done.beginning.after) == (findings(archives.verify()), 256)
    assert findings(done)
