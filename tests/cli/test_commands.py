"""The command line, as its users type it: real processes, an embedded server, exit codes."""

import importlib
import json
import os
import re
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import services.cli.commands
from events.envelope import encode
from services.cli import LazyCommands
from services.common.settings import shipped
from tests.cli.terminal import Terminal, run
from tests.examples import reported
from tests.patience import PATIENCE

TABLE = str(shipped("zhanjiang-2017-key-tasks.txt"))
IMPORT = ("import", TABLE, "--plan", "zj-2017", "--issued", "2017-08-01")
CLOCK = ("--clock", "2018-12-20T09:00:00+08:00")


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a duban with the table imported, in December 2018."""
    with Terminal(tmp_path_factory.mktemp("cli") / "data").running(*CLOCK) as terminal:
        assert terminal(*IMPORT).stdout == "accepted 27, duplicate 0, refused 0\n"
        yield terminal


def test_every_command_is_a_module_with_help() -> None:
    """Each is found by its name and has its help; a file is a command, or a group of them."""
    commands = LazyCommands()
    files = {file.stem for file in Path(services.cli.commands.__file__).parent.glob("*.py")} - {"__init__"}
    assert {name: command.name for name, command in commands.items()} == {name: name for name in commands}
    assert {"importing" if name == "import" else name for name in commands} == files
    assert all(command.help for command in commands.values())
    for module in files:
        registered = importlib.import_module(f"services.cli.commands.{module}").commands.registered_commands
        names = {one.name or one.callback.__name__ for one in registered}
        assert module in {"archive", "audit", "calendar", "notify", "token", "witness"} or names == {
            "import" if module == "importing" else module
        }


def test_a_new_directory_gets_the_ledger_and_a_private_token_per_source(duban: Terminal) -> None:
    """Each source's token is readable by its owner alone."""
    files = sorted((duban.data / "tokens").iterdir())
    assert [file.name for file in files] == ["audit.token", "board.token", "office.token", "units.token"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert (duban.data / "ledgers" / "zhanjiang.toml").exists()


def test_the_board_is_printed_for_people_and_for_programs(duban: Terminal) -> None:
    """Each light is a word and a shape; --json gives the rows of the contract."""
    shown = duban("status").stdout
    assert "◆ 预警" in shown
    assert "市住房城乡建设局" in shown
    board = json.loads(duban("status", "--json").stdout)
    assert len(board["items"]) == 27
    early = json.loads(duban("status", "--json", "--as-of", "5").stdout)
    assert (early["position"], len(early["items"])) == (5, 5)


def test_events_are_published_from_a_file_and_can_be_published_again(duban: Terminal, tmp_path: Path) -> None:
    """Outcomes are counted; a refusal is printed in full and makes the exit code 1."""
    when = reported().time.replace(year=2018, month=12, day=1)
    file = tmp_path / "events.ndjson"
    good = encode(reported("zj-2017-08", source="units", time=when))
    file.write_bytes(good + b"\n" + encode(reported("zj-2017-99", source="units", time=when)) + b"\n")
    first = duban("publish", str(file), "--source", "units")
    assert first.returncode == 1
    assert "accepted 1, duplicate 0, refused 1" in first.stdout
    assert "unknown-task" in first.stdout + first.stderr
    file.write_bytes(good + b"\n")
    again = duban("publish", str(file), "--source", "units")
    assert (again.returncode, again.stdout) == (0, "accepted 0, duplicate 1, refused 0\n")


def test_the_audit_replays_by_task_and_position_and_verifies(duban: Terminal) -> None:
    """The stored bytes come out as they are; verify finds nothing."""
    lines = duban("audit", "replay", "--ndjson", "--task", "zj-2017-07").stdout.splitlines()
    assert {json.loads(line)["subject"] for line in lines} == {"zj-2017-07"}
    assert len(duban("audit", "replay", "--ndjson", "--after", "3", "--until", "10").stdout.splitlines()) == 7
    assert duban("audit", "replay", "--ndjson", "--until", "2017-01-01T00:00:00+08:00").stdout == ""
    shown = duban("audit", "replay", "--task", "zj-2017-07").stdout
    contents = "".join(line.split("│")[6].strip() for line in shown.splitlines() if line.startswith("│"))
    assert '"text":"2018年12月前完成"' in contents  # whole, however narrow the terminal
    verified = duban("audit", "verify", "--json")
    assert verified.returncode == 0
    assert json.loads(verified.stdout)["findings"] == []
    head = json.loads(verified.stdout)["tree"]
    position, _, digest = head.partition(":")
    assert duban("audit", "verify", "--since", head).stdout.startswith(f"{head}\n")
    for other in (f"{position}:{'0' * 64}", f"{int(position) + 1}:{digest}"):
        differing = duban("audit", "verify", "--json", "--since", other)
        assert differing.returncode == 1
        assert [found["check"] for found in json.loads(differing.stdout)["findings"]] == ["tree"]
    assert duban("audit", "verify", "--since", "rubbish").returncode == 2


def test_rules_on_record_are_printed(duban: Terminal) -> None:
    """From which position on, and their text by the first digits of its hash; nothing is left to today's rules."""
    (entry,) = json.loads(duban("audit", "rules", "--json").stdout)
    assert entry["first"] == 1
    assert entry["sha256"] in duban("audit", "rules").stdout
    assert "市残联" in json.loads(duban("audit", "rules", "--show", entry["sha256"][:8]).stdout)["units"]
    wrong = duban("audit", "rules", "--show", "no")
    assert (wrong.returncode, entry["sha256"][:12] in wrong.stderr) == (2, True)
    assert json.loads(duban("audit", "verify", "--json").stdout)["notes"] == []


def test_rows_are_rebuilt_and_are_equal(duban: Terminal) -> None:
    """A rebuild of what is right changes nothing; the services continue with the new rows."""
    before = json.loads(duban("status", "--json").stdout)
    done = duban("rebuild", "--json")
    assert json.loads(done.stdout) == {"ingest": [], "status": [], "notify": [], "dues": []}
    assert done.returncode == 0
    assert json.loads(duban("status", "--json").stdout) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("deadline", "2018年12月前完成", "--issued", "2017-08-01"), '"strict":"2018-12-01T00:00:00+08:00"'),
        (("units", "市民政局、市残联"), '"lead":"市民政局"'),
    ],
)
def test_a_cell_can_be_tried(words: tuple[str, ...], message: str) -> None:
    """How a phrase or a list of units is read is printed as JSON."""
    done = run(*words)
    assert done.returncode == 0
    assert message in done.stdout
    json.loads(done.stdout)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("deadline", "尽量早些", "--issued", "2017-08-01"), 1, "尽量早些"),
        (("status", "--data", "nowhere"), 2, "duban is not running here"),
        (("doctor", "--ledger", "nowhere"), 2, "duban is not running here"),
        (("up", "--clock", "soon"), 2, "2018-12-20T09:00:00+08:00@86400"),
        (("serve", "board"), 2, "ingest, status, notify"),
        (("import", "nothing.txt", "--plan", "p", "--issued", "2017-08-01"), 2, "nothing.txt"),
        (("rubbish",), 2, "rubbish"),
    ],
)
def test_an_error_is_one_line(words: tuple[str, ...], code: int, message: str, tmp_path: Path) -> None:
    """1: the work found a problem; 2: wrong usage. No traceback either way."""
    done = run(*words, environment={"DUBAN_DATA": str(tmp_path)})
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_process_is_restarted_and_nothing_is_lost(duban: Terminal) -> None:
    """Every child of `duban up` may be killed: the supervisor restarts it, and the rows are the same."""
    before = json.loads(duban("status", "--json").stdout)
    assert duban.up is not None
    children = psutil.Process(duban.up.pid).children()
    assert len(children) == 4
    for child in children:
        child.kill()
    end = time.monotonic() + 60
    while duban("doctor").returncode and time.monotonic() < end:
        time.sleep(0.2)
    assert duban("doctor").stdout == "all is well\n"
    assert json.loads(duban("status", "--json").stdout) == before


def test_a_killed_up_leaves_no_services_and_can_be_started_again(tmp_path: Path) -> None:
    """The services end with their supervisor; the next one stops the orphaned server."""
    terminal = Terminal(tmp_path / "data")
    with terminal.running():
        assert terminal(*IMPORT).returncode == 0
        assert terminal.up is not None
        services = [child for child in psutil.Process(terminal.up.pid).children() if "serve" in child.cmdline()]
        os.kill(terminal.up.pid, signal.SIGKILL)
        terminal.up.wait()
        _, alive = psutil.wait_procs(services, timeout=PATIENCE)
        assert alive == []
        terminal.start()
        assert len(json.loads(terminal("status", "--json").stdout)["items"]) == 27
        assert terminal.stop() == 0
        assert terminal("doctor").returncode == 2


def test_a_taken_port_is_an_error_before_anything_starts(duban: Terminal, tmp_path: Path) -> None:
    """Otherwise commands would reach another deployment."""
    done = run("up", "--data", str(tmp_path / "data"), "--port", str(duban.port))
    assert (done.returncode, "is taken" in done.stderr) == (2, True)


def test_an_unknown_ledger_is_an_error(duban: Terminal) -> None:
    """Exit 2, with the name of the missing file."""
    done = duban("doctor", "--ledger", "nowhere")
    assert done.returncode == 2
    assert "nowhere.toml" in done.stderr


def test_the_demo_ends_by_itself_with_its_years_over(tmp_path: Path) -> None:
    """2017-08 to 2021-01: exit 0, the history is marked as synthetic, and the data is left, verifiable."""
    terminal = Terminal(tmp_path / "data")
    done = run("demo", "--once", "--seconds", "15", "--data", str(terminal.data), "--port", str(terminal.port))
    assert done.returncode == 0, done.stderr
    assert "共 27 项" in done.stdout
    assert "0 twice, 0 with a wrong signature" in done.stdout
    printed = re.search(r"--clock (\S+)", done.stdout)
    assert printed is not None
    with terminal.running("--clock", printed[1]):
        assert terminal("audit", "verify").returncode == 0
        events = [json.loads(line) for line in terminal("audit", "replay", "--ndjson").stdout.splitlines()]
        reports = [event["data"]["summary"] for event in events if event["type"] == "duban.progress.reported.v1"]
        assert len(reports) > 100
        assert all(summary.startswith("【演示数据】") for summary in reports)
