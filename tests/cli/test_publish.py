"""`duban publish`: files of any size, in their order, with interruptions and failures on the way."""

import gzip
import itertools
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.deadline import Ongoing
from events.envelope import MAX_BYTES, encode
from services.cli.client import LINES
from services.cli.target import LEDGER, token_file
from services.common.settings import shipped
from tests.cli.gate import CUT, Gate, none
from tests.cli.terminal import CLEAN, DUBAN, Terminal, run
from tests.examples import assigned, reported
from tests.ports import free_ports

BATCHES = 3

numbers = itertools.count(1)
"""Numbers of the tasks: each test has its own."""

OTHER = "other"
"""A second ledger, at the same address for a publisher behind the gate."""

HUNG_SECONDS = 120.0
"""Seconds after which a test fails that waits for an effect."""


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a deployment with two ledgers, by the wall clock."""
    data = tmp_path_factory.mktemp("publish") / "data"
    (data / "ledgers").mkdir(parents=True)
    for name in (LEDGER, OTHER):
        (data / "ledgers" / f"{name}.toml").write_bytes(shipped(f"{LEDGER}.toml").read_bytes())
    with Terminal(data).running() as terminal:
        yield terminal


@pytest.fixture
def gate(duban: Terminal) -> Gate:
    """Return a gate before ingest, not yet open."""
    return Gate(free_ports(3), duban.port)


@pytest.fixture
def task(duban: Terminal, tmp_path: Path) -> str:
    """Return a task of this test's own."""
    file = tmp_path / "assigned.ndjson"
    name = f"t-{next(numbers)}"
    file.write_bytes(encode(assigned(name, source="office", deadline=Ongoing("持续实施"))))
    assert duban("publish", str(file), "--source", "office").stdout == "accepted 1, duplicate 0, refused 0\n"
    return name


def reports(task: str, count: int) -> list[bytes]:
    """Return `count` reports on a task."""
    return [encode(reported(task, number, source="units")) for number in range(count)]


def write(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


class Sender:
    """Publishes through a gate, as a remote system would."""

    def __init__(self, duban: Terminal, gate: Gate) -> None:
        self.environment = {"DUBAN_URL": f"http://127.0.0.1:{gate.port}", "DUBAN_TOKEN": token_of(duban)}

    def __call__(self, file: Path, *options: str) -> subprocess.CompletedProcess[str]:
        return run("publish", str(file), *options, environment=self.environment)

    def start(self, file: Path, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*DUBAN, "publish", str(file), *options],
            env={**CLEAN, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


@pytest.fixture
def send(duban: Terminal, gate: Gate) -> Sender:
    """Return a publisher behind the gate."""
    return Sender(duban, gate)


def token_of(duban: Terminal, ledger: str = LEDGER) -> str:
    """Return the token of `units`."""
    return token_file(duban.data, ledger, "units").read_text(encoding="utf-8").strip()


def history(duban: Terminal, task: str, ledger: str = LEDGER) -> list[str]:
    """Return the ids of a task's reports, in the order of the log."""
    lines = duban("audit", "replay", "--ndjson", "--task", task, "--ledger", ledger).stdout.splitlines()
    return [event["id"] for event in map(json.loads, lines) if event["type"].startswith("duban.progress")]


def ids(lines: list[bytes]) -> list[str]:
    return [json.loads(line)["id"] for line in lines]


def stop_after_first(file: Path, sender: Sender, how: int = signal.SIGINT) -> tuple[int, str]:
    """Publish until a batch has its outcomes, send a signal, and return exit code and standard error."""
    progress = file.with_name(file.name + ".progress")
    publishing = sender.start(file)
    end = time.monotonic() + HUNG_SECONDS
    while not (progress.exists() and f'"line":{LINES},' in progress.read_text(encoding="utf-8")):
        assert time.monotonic() < end
        assert publishing.poll() is None, publishing.communicate()
        time.sleep(0.02)
    publishing.send_signal(how)
    _, printed = publishing.communicate(timeout=HUNG_SECONDS)
    return publishing.returncode, printed


def away_after_first(number: int, _: bytes) -> tuple[int, dict[str, str]] | None:
    """Fail like a service that disappears after one request."""
    return (503, {"Retry-After": "1"}) if number > 1 else None


@pytest.mark.parametrize(
    ("how", "form"),
    [(signal.SIGINT, "plain"), (signal.SIGTERM, "plain"), (signal.SIGKILL, "gzip")],
    ids=["by Ctrl-C", "by SIGTERM", "killed"],
)
def test_an_interrupted_run_resumes(
    duban: Terminal, gate: Gate, send: Sender, task: str, tmp_path: Path, how: int, form: str
) -> None:
    """The next run reports where it resumes, sends the rest, counts both runs, and removes the progress file."""
    lines = reports(task, BATCHES * LINES)
    file = write(tmp_path / "events.ndjson", lines)
    if form == "gzip":
        file = tmp_path / "events.ndjson.gz"
        file.write_bytes(gzip.compress((tmp_path / "events.ndjson").read_bytes()))
    progress = file.with_name(file.name + ".progress")
    gate.trouble = away_after_first
    with gate.open():
        code, printed = stop_after_first(file, send, how)
        if how != signal.SIGKILL:
            assert code == 1
            assert f"stopped after line {LINES:,}: accepted {LINES}, duplicate 0, refused 0" in printed
        with progress.open("ab") as torn:
            torn.write(b'{"type":"reached","line":6')
        gate.trouble, gate.bodies = none, []
        done = send(file)
    assert (done.returncode, done.stdout) == (0, f"accepted {len(lines)}, duplicate 0, refused 0\n")
    assert f"resuming after line {LINES:,}" in done.stderr
    assert gate.lines == len(lines) - LINES + 2  # and the two lines that identify the log
    assert not progress.exists()
    assert history(duban, task) == ids(lines)


def test_a_file_that_was_edited_meanwhile_is_published_from_its_first_line(
    gate: Gate, send: Sender, task: str, tmp_path: Path
) -> None:
    """Unchanged lines are duplicates, a changed one is refused, and the run reports why it starts at line 1."""
    lines = reports(task, 2 * LINES)
    file = write(tmp_path / "events.ndjson", lines)
    gate.trouble = away_after_first
    with gate.open():
        stop_after_first(file, send)
        gate.trouble = none
        lines[0] = lines[0].replace(b'"percent":50', b'"percent":51')
        done = send(write(file, lines))
    assert done.stdout == f"accepted {LINES}, duplicate {LINES - 1}, refused 1\n"
    assert "starting at line 1: the published part has changed" in done.stderr
    assert "refused: line 1: " in done.stderr
    assert "id-reused" in done.stderr


def test_a_file_that_has_grown_resumes(gate: Gate, send: Sender, task: str, tmp_path: Path) -> None:
    """The published part is unchanged, so only the rest is sent."""
    lines = reports(task, 2 * LINES + 5)
    file = write(tmp_path / "events.ndjson", lines[: 2 * LINES])
    gate.trouble = away_after_first
    with gate.open():
        stop_after_first(file, send)
        gate.trouble = none
        done = send(write(file, lines))
    assert done.stdout == f"accepted {len(lines)}, duplicate 0, refused 0\n"


def test_to_a_ledger_that_does_not_hold_it_a_file_is_published_from_its_first_line(
    duban: Terminal, gate: Gate, send: Sender, task: str, tmp_path: Path
) -> None:
    """Another log at the same address lacks what the first one has: nothing may be left out."""
    lines = reports(task, 2 * LINES)
    file = write(tmp_path / "events.ndjson", lines)
    gate.trouble = away_after_first
    with gate.open():
        stop_after_first(file, send)
        gate.trouble = none
        gate.ledger = OTHER
        assigned_there = ("publish", str(tmp_path / "assigned.ndjson"), "--source", "office", "--ledger", OTHER)
        assert duban(*assigned_there).returncode == 0
        send.environment["DUBAN_TOKEN"] = token_of(duban, OTHER)
        done = send(file)
    assert "the log does not have the published part" in done.stderr
    assert (
        done.stdout == f"accepted {2 * LINES - 1}, duplicate 1, refused 0\n"
    )  # the first line was sent to identify the log
    assert history(duban, task, OTHER) == ids(lines)


def test_restart_begins_with_the_first_line(gate: Gate, send: Sender, task: str, tmp_path: Path) -> None:
    """Every line is sent again."""
    file = write(tmp_path / "events.ndjson", reports(task, 2 * LINES))
    gate.trouble = away_after_first
    with gate.open():
        stop_after_first(file, send)
        gate.trouble = none
        done = send(file, "--restart")
    assert done.stdout == f"accepted {LINES}, duplicate {LINES}, refused 0\n"
    assert "starting at line 1: --restart" in done.stderr


def test_what_does_not_answer_is_waited_for_and_nothing_is_skipped(
    duban: Terminal, gate: Gate, send: Sender, task: str, tmp_path: Path
) -> None:
    """No server yet, 503, a proxy's 502, a connection that is cut after ingest had the events: all are sent again."""
    lines = reports(task, 2 * LINES)
    file = write(tmp_path / "events.ndjson", lines)
    troubles = {1: (503, {"Retry-After": "1"}), 2: (502, {}), 3: (CUT, {})}
    gate.trouble = lambda number, _: troubles.get(number)
    publishing = send.start(file)
    assert publishing.stderr is not None
    assert "waiting: " in publishing.stderr.readline()
    with gate.open():
        printed, errors = publishing.communicate(timeout=HUNG_SECONDS)
    assert printed == f"accepted {LINES}, duplicate {LINES}, refused 0\n"  # the first batch was taken, unanswered
    assert "resumed" in errors
    assert history(duban, task) == ids(lines)


def test_patience_has_an_end(gate: Gate, send: Sender, task: str, tmp_path: Path) -> None:
    """It reports what did not answer and its last checkpoint."""
    file = write(tmp_path / "events.ndjson", reports(task, 2 * LINES))
    gate.trouble = away_after_first
    with gate.open():
        done = send(file, "--patience", "1")
    assert done.returncode == 1
    assert "503 trouble at the gate; stopped waiting after --patience 1 seconds" in done.stderr
    assert f"stopped after line {LINES:,}" in done.stderr
    nobody = send(write(tmp_path / "others.ndjson", reports(task, 1)), "--patience", "0")
    assert (nobody.returncode, "does not answer" in nobody.stderr) == (1, True)
    assert not (tmp_path / "others.ndjson.progress").exists()  # there is no checkpoint


def test_a_batch_that_is_too_large_for_a_proxy_is_split(
    duban: Terminal, gate: Gate, send: Sender, task: str, tmp_path: Path
) -> None:
    """In order; an event that does not even pass alone is refused, the others are not."""
    lines = reports(task, 200)
    whole = list(lines)
    lines.insert(50, lines[0].replace("廉江市".encode(), "廉江市".encode() * 1_000))
    file = write(tmp_path / "events.ndjson", lines)
    gate.trouble = lambda _, body: (413, {}) if len(body) > 5_000 else None
    with gate.open():
        done = send(file)
    assert (done.returncode, done.stdout) == (1, "accepted 200, duplicate 0, refused 1\n")
    assert "line 51: ?: too-large: the event has" in done.stderr
    assert history(duban, task) == ids(whole)


def test_refused_events_are_written_with_line_code_and_what_was_sent(
    duban: Terminal, task: str, tmp_path: Path
) -> None:
    """Blank lines count as lines; what is too large is not sent; `raw` can be mended and published."""
    good = reports(task, 3)
    unknown = encode(reported("t-none", source="units"))
    huge = good[2].replace("廉江市".encode(), b"x" * MAX_BYTES)
    file = write(
        tmp_path / "events.ndjson", [good[0], b"", unknown, b"not json\r", good[1], huge, b"x" * 3_000_000, good[2]]
    )
    refused = tmp_path / "refused.ndjson"
    done = duban("publish", str(file), "--source", "units", "--refused", str(refused))
    assert (done.returncode, done.stdout) == (1, "accepted 3, duplicate 0, refused 4\n")
    written = [json.loads(line) for line in refused.read_text(encoding="utf-8").splitlines()]
    assert [(one["line"], one["code"], one["raw"]) for one in written] == [
        (3, "unknown-task", unknown.decode()),
        (4, "malformed", "not json"),
        (6, "too-large", None),
        (7, "too-large", None),
    ]
    assert "t-none" in written[0]["detail"]
    for one in written:
        assert f"line {one['line']}: {one['id'] or '?'}: {one['code']}: {one['detail']}" in done.stderr


def test_programs_get_json(duban: Terminal, task: str, tmp_path: Path) -> None:
    """One object: the counts, the lines, and every refusal with its line."""
    file = write(tmp_path / "events.ndjson", [*reports(task, 2), encode(reported("t-none", source="units"))])
    printed = json.loads(duban("publish", str(file), "--source", "units", "--json").stdout)
    refusals = printed.pop("refusals")
    assert printed == {"accepted": 2, "duplicate": 0, "refused": 1, "lines": 3, "begun_after": 0}
    assert [(one["line"], one["outcome"], one["code"]) for one in refusals] == [(3, "refused", "unknown-task")]


def test_events_come_from_standard_input_too(duban: Terminal, task: str) -> None:
    """Plain or gzip, as a file's."""
    raw = b"\xef\xbb\xbf" + b"\r\n".join(reports(task, 3))
    for piped, counted in ((raw, "accepted 3, duplicate 0"), (gzip.compress(raw), "accepted 0, duplicate 3")):
        done = subprocess.run(
            [*DUBAN, "publish", "-", "--source", "units"],
            input=piped,
            env={**CLEAN, "DUBAN_DATA": str(duban.data)},
            capture_output=True,
            timeout=HUNG_SECONDS,
            check=False,
        )
        assert (done.returncode, done.stdout.decode()) == (0, f"{counted}, refused 0\n")


def test_a_source_that_may_not_publish_gets_an_error_and_leaves_no_file(
    duban: Terminal, gate: Gate, task: str, tmp_path: Path
) -> None:
    """An invalid token, and one whose role may only read."""
    file = write(tmp_path / "events.ndjson", reports(task, 1))
    board = duban("publish", str(file), "--source", "board")
    assert (board.returncode, "it may read, not submit" in board.stderr) == (1, True)
    nobody = duban("publish", str(file), DUBAN_TOKEN="duban_none")
    assert (nobody.returncode, "a valid token is needed" in nobody.stderr) == (1, True)
    assert [path.name for path in tmp_path.glob("*.progress")] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nothing.ndjson", "--source", "units"), "nothing.ndjson is not a file"),
        (("events.ndjson",), "no source given: name it with --source, or set DUBAN_TOKEN"),
        (("events.ndjson", "--source", "units", "--refused", "events.ndjson"), "is the file of events itself"),
        (("events.ndjson", "--source", "units", "--patience", "-1"), "--patience"),
        (("events.ndjson", "--source", "nobody"), "no token of 'nobody'"),
    ],
)
def test_what_cannot_be_published_is_wrong_usage(
    duban: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], message: str
) -> None:
    """Exit 2, and one line with the correct usage."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "events.ndjson", [b"{}"])
    done = duban("publish", *words)
    assert (done.returncode, message in " ".join(done.stderr.split())) == (2, True), done.stderr


def test_a_file_is_published_by_one_at_a_time(gate: Gate, send: Sender, task: str, tmp_path: Path) -> None:
    """The second publisher gets an error; two must not write one progress file."""
    file = write(tmp_path / "events.ndjson", reports(task, 2 * LINES))
    gate.trouble = away_after_first
    with gate.open():
        first = send.start(file)
        end = time.monotonic() + HUNG_SECONDS
        while not (tmp_path / "events.ndjson.progress").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        second = send(file)
        first.kill()
        first.communicate()
    assert (second.returncode, "another duban is publishing it" in second.stderr) == (2, True)


def test_a_corrupt_gzip_file_is_reported_with_its_line(duban: Terminal, task: str, tmp_path: Path) -> None:
    """Earlier lines have their outcomes."""
    file = tmp_path / "events.ndjson.gz"
    file.write_bytes(gzip.compress(b"\n".join(reports(task, 50)))[:-20])
    done = duban("publish", str(file), "--source", "units")
    assert done.returncode == 1
    assert "the gzip file is corrupt" in done.stderr
    assert "Traceback" not in done.stderr
