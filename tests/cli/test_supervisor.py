"""`duban up` on a directory: its lock, processes that end or are busy, and the modes of its files."""

import contextlib
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from services.cli import embedded
from services.cli.embedded import EmbeddedServer
from services.common.settings import SettingsError, shipped
from tests.cli.terminal import CLEAN, DUBAN, Terminal, run
from tests.patience import PATIENCE


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Return a running duban."""
    with Terminal(tmp_path / "data").running() as terminal:
        yield terminal


def _children(terminal: Terminal) -> dict[str, psutil.Process]:
    assert terminal.up is not None
    children = psutil.Process(terminal.up.pid).children()
    return {child.cmdline()[-1] if "serve" in child.cmdline() else "server": child for child in children}


def _servers(directory: Path) -> list[psutil.Process]:
    """Return the processes of servers on a directory, which is where they run."""
    return [one for one in psutil.process_iter(["cwd"]) if one.info["cwd"] == str(directory)]


def _until_well(terminal: Terminal) -> None:
    end = time.monotonic() + PATIENCE
    while (told := terminal("doctor")).returncode and time.monotonic() < end:
        time.sleep(0.2)
    assert told.returncode == 0, told.stderr


def test_only_the_lock_decides_who_has_a_directory(terminal: Terminal) -> None:
    """A second one is refused, also where run.json is gone; nothing of the first is touched."""
    server = _children(terminal)["server"]
    (terminal.data / "run.json").rename(terminal.data / "away.json")
    second = run("up", "--data", str(terminal.data), "--port", str(terminal.port + 10))
    assert (second.returncode, "already runs here" in second.stderr) == (2, True)
    (terminal.data / "away.json").rename(terminal.data / "run.json")
    assert server.is_running()
    _until_well(terminal)


def test_a_process_id_that_belongs_to_another_program_is_no_hindrance(tmp_path: Path) -> None:
    """run.json of a machine that was switched off names a process that is something else by now."""
    terminal = Terminal(tmp_path / "data")
    terminal.data.mkdir()
    left = {"redis_url": "redis://127.0.0.1:1/0", "port": terminal.port, "pid": os.getpid()}
    (terminal.data / "run.json").write_text(json.dumps(left))
    with terminal.running():
        _until_well(terminal)


def test_up_right_after_sigkill_waits_for_the_services(tmp_path: Path) -> None:
    """They still have their ports for a second."""
    terminal = Terminal(tmp_path / "data")
    with terminal.running():
        assert terminal.up is not None
        terminal.up.kill()
        terminal.up.wait()
        terminal.start()


def test_a_busy_server_is_left_alone(terminal: Terminal) -> None:
    """A server that is silent for some seconds is not started again while its process lives."""
    server = _children(terminal)["server"]
    server.suspend()
    time.sleep(4)
    server.resume()
    _until_well(terminal)
    assert _children(terminal)["server"].pid == server.pid


def test_a_server_whose_port_is_taken_for_a_while_comes_back(terminal: Terminal) -> None:
    """The supervisor tries again until the port is free."""
    port = int((terminal.data / "server" / "port").read_text())
    _children(terminal)["server"].kill()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end = time.monotonic() + 0.4
        while time.monotonic() < end:
            try:
                taken.bind(("127.0.0.1", port))
                break
            except OSError:
                time.sleep(0.001)
        assert taken.getsockname()[1] == port, "the server was started before its port could be taken"
        taken.listen()
        time.sleep(6)
    _until_well(terminal)


def test_what_cannot_be_started_again_ends_up_with_an_error(tmp_path: Path) -> None:
    """A ledger's file that was broken meanwhile: the services end at each start, and up exits with 1 and the reason."""
    terminal = Terminal(tmp_path / "data")
    with terminal.running():
        assert terminal.up is not None
        (terminal.data / "ledgers" / "zhanjiang.toml").write_text("broken")
        _children(terminal)["status"].kill()
        assert terminal.up.wait(300) == 1
        assert "status ended or could not be started" in (tmp_path / "up.log").read_text(encoding="utf-8")
        assert not (terminal.data / "run.json").exists()


@pytest.mark.parametrize("text", ["", "none", "-1", "0", "70000", "１２３", "6379\x00"])
def test_a_noted_port_that_is_none_is_an_error(tmp_path: Path, text: str) -> None:
    """Another server may run on the directory, so none is started."""
    known = tmp_path / "server" / "port"
    known.parent.mkdir()
    known.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="is not a port"):
        EmbeddedServer(known.parent).open()


def test_a_server_that_does_not_say_whose_it_is_is_not_passed_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second one beside it would corrupt the log; once it answers it is stopped first."""
    monkeypatch.setattr(embedded, "ORPHAN_SECONDS", 0.5)
    orphan, second = EmbeddedServer(tmp_path), EmbeddedServer(tmp_path)
    with contextlib.ExitStack() as stack:
        for server in (orphan, second):
            stack.callback(server.stop)
        orphan.open()
        (process,) = _servers(tmp_path)
        process.suspend()
        with pytest.raises(SettingsError, match=f"port {orphan.port}, .* does not answer"):
            second.open()
        process.resume()
        second.open()
        assert not orphan.alive
        assert [one.pid for one in _servers(tmp_path)] != [process.pid]


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The error has what the server logged last, and where."""
    server = EmbeddedServer(tmp_path)
    server.open()
    server.stop()
    (file,) = tmp_path.glob("appendonlydir/*.incr.aof")
    with file.open("ab") as damaged:
        damaged.write(b"*1\r\nno command\r\n")
    with pytest.raises(OSError, match=r"did not start: Bad file format .* see .*valkey\.log"):
        server.open()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_server_starts_leaves_none(tmp_path: Path, number: signal.Signals) -> None:
    """It is stopped when it has started, and up has ended as it always does."""
    terminal = Terminal(tmp_path / "data")
    terminal.launch()
    assert terminal.up is not None
    end = time.monotonic() + PATIENCE
    while not (terminal.data / "server" / "port").exists() and time.monotonic() < end:
        time.sleep(0.001)
    for _ in range(2):
        terminal.up.send_signal(number)
        time.sleep(0.1)
    assert terminal.up.wait(PATIENCE) == 0, (tmp_path / "up.log").read_text(encoding="utf-8")
    assert _servers(terminal.data / "server") == []


def test_files_are_for_their_owner(terminal: Terminal) -> None:
    """Directories 700, files 600, with any umask."""
    for path in (terminal.data, *terminal.data.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, f"{path}: {mode:o}"


def test_ctrl_c_in_a_terminal_ends_without_a_traceback(tmp_path: Path) -> None:
    """The signal goes to every process of the terminal; exit 0."""
    terminal = Terminal(tmp_path / "data")
    main, side = pty.openpty()
    log = (tmp_path / "out").open("wb")
    command = ["setsid", "--ctty", *DUBAN, "up", "--data", str(terminal.data), "--port", str(terminal.port)]
    up = subprocess.Popen(
        command,
        env=CLEAN,
        stdin=side,
        stdout=log,
        stderr=log,
    )
    try:
        _until_well(terminal)
        os.write(main, b"\x03")
        assert up.wait(60) == 0
    finally:
        if up.poll() is None:
            up.send_signal(signal.SIGTERM)
            up.wait(60)
        log.close()
        os.close(main)
        os.close(side)
    printed = (tmp_path / "out").read_text(encoding="utf-8")
    assert "Traceback" not in printed, printed


@pytest.mark.parametrize("command", ["up", "demo"])
@pytest.mark.parametrize("port", ["99999", "65534", "0", "-1"])
def test_a_port_that_leaves_no_room_is_wrong_usage(tmp_path: Path, command: str, port: str) -> None:
    """Exit 2, with the range; nothing is made."""
    done = run(command, "--data", str(tmp_path / "data"), "--port", port)
    assert (done.returncode, "Traceback" in done.stderr, "--port" in done.stderr) == (2, False, True)
    assert not (tmp_path / "data").exists()


def test_an_ascii_terminal_is_served() -> None:
    """What it cannot show is replaced."""
    done = run("units", "市民政局", "--explain", environment={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def test_another_clock_is_refused_on_a_real_ledger(tmp_path: Path) -> None:
    """A rehearsal by mistake on a ledger of the wall clock: refused before anything is recorded."""
    terminal = Terminal(tmp_path / "data")
    table = str(shipped("zhanjiang-2017-key-tasks.txt"))
    with terminal.running():
        assert terminal("import", table, "--plan", "zj-2017", "--issued", "2017-08-01").returncode == 0
        before = terminal("audit", "replay", "--ndjson").stdout
        assert terminal.stop() == 0
    for clock in ("2018-12-20T09:00:00+08:00@86400", f"file:{tmp_path / 'clock'}"):
        (tmp_path / "clock").write_text("2030-01-01T00:00:00+08:00")
        wrong = run("up", "--data", str(terminal.data), "--port", str(terminal.port), "--clock", clock)
        assert (wrong.returncode, "runs by the wall clock" in wrong.stderr) == (2, True)
    with terminal.running():
        assert terminal("audit", "replay", "--ndjson").stdout == before


def test_up_takes_a_clock_in_a_file(tmp_path: Path) -> None:
    """And a file that is broken is wrong usage at the start, and 503 with the reason later."""
    clock = tmp_path / "clock"
    wrong = run("up", "--data", str(tmp_path / "data"), environment={"DUBAN_CLOCK": f"file:{clock}"})
    assert (wrong.returncode, str(clock) in wrong.stderr) == (2, True)
    clock.write_text("2018-12-20T09:00:00+08:00")
    with Terminal(tmp_path / "data").running("--clock", f"file:{clock}") as terminal:
        assert terminal.read("overview").json()["at"] == "2018-12-20T09:00:00+08:00"
        clock.write_text("noon")
        answer = terminal.read("overview")
        assert (answer.status_code, "noon" in answer.json()["detail"]) == (503, True)
        headers = {
            "Authorization": f"Bearer {terminal.token('office')}",
            "Content-Type": "application/cloudevents+json",
        }
        refused = httpx.post(f"http://127.0.0.1:{terminal.port}/v1/zhanjiang/events", content=b"{}", headers=headers)
        assert (refused.status_code, "noon" in refused.json()["detail"]) == (503, True)
        clock.write_text("2018-12-21T09:00:00+08:00")
        assert terminal.read("overview").status_code == 200


@pytest.mark.parametrize("host", ["", "::1", "::"])
def test_up_listens_where_localhost_is(tmp_path: Path, host: str) -> None:
    """At ::1 too, and its commands find it wherever DUBAN_HOST has it listen."""
    environment = {"DUBAN_HOST": host} if host else {}
    with Terminal(tmp_path / "data", environment=environment).running() as terminal:
        for number in range(3):
            assert httpx.get(f"http://[::1]:{terminal.port + number}/health/live").status_code == 200
        assert terminal("status").returncode == 0
