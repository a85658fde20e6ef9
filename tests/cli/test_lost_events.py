"""An append-only file that was cut, or in which a bit was flipped, under `duban up`."""

import contextlib
import json
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.envelope import encode
from tests.cli.terminal import Terminal
from tests.examples import assigned, reported
from tests.patience import PATIENCE

EVENTS = 40


def headers(terminal: Terminal, source: str) -> dict[str, str]:
    token = (terminal.data / "tokens" / f"{source}.token").read_text().strip()
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/cloudevents+json"}


def post(terminal: Terminal, event: Any) -> httpx.Response:
    url = f"http://127.0.0.1:{terminal.port}/v1/zhanjiang/events"
    return httpx.post(url, content=encode(event), headers=headers(terminal, event.source.partition("/")[0]))


def until(terminal: Terminal, status: int) -> httpx.Response:
    """Wait until ingest's readiness answers with a status."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            answer = httpx.get(f"http://127.0.0.1:{terminal.port}/health/ready")
            if answer.status_code == status:
                return answer
        time.sleep(0.1)
    raise TimeoutError(f"readiness was never {status}")


def cut(file: Path) -> None:
    """Cut the file in its middle."""
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])


def flip(file: Path) -> None:
    """Flip one bit of the first report: its percent."""
    whole = file.read_bytes()
    at = whole.index(b'"percent":50') + len(b'"percent":')
    file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])


@pytest.mark.parametrize(("damage", "words"), [(cut, "missing: the log ends at"), (flip, "as they were")])
def test_acknowledged_events_that_the_server_lost(tmp_path: Path, damage: Callable[[Path], None], words: str) -> None:
    """Ingest starts read-only and reports the loss and the remedy; after a recorded acceptance the log continues."""
    terminal = Terminal(tmp_path / "data")
    with terminal.running():
        for event in (assigned(), *(reported(number=number) for number in range(2, EVENTS + 1))):
            assert post(terminal, event).status_code == 201
        assert terminal.stop() == 0
    note = terminal.data / "state" / "zhanjiang.json"
    noted = json.loads(note.read_bytes())
    assert noted["position"] == EVENTS + 1  # with the deadline.passed of the example
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    (file,) = (terminal.data / "server" / "appendonlydir").glob("*.incr.aof")
    damage(file)
    try:
        terminal.launch()
        ready = until(terminal, 503).json()
        assert (ready["needs"], words in ready["detail"]) == ("operator", True), ready
        up_log = tmp_path / "up.log"
        end = time.monotonic() + PATIENCE
        while "duban runs: " not in up_log.read_text(encoding="utf-8").partition("acknowledged events")[2]:
            assert time.monotonic() < end, "it waits for what only a person can decide"
            time.sleep(0.1)
        refused = post(terminal, assigned("another"))
        assert (refused.status_code, words in refused.json()["detail"]) == (503, True), refused.text
        assert terminal.read("tasks").json()["items"]
        doctor = terminal("doctor", "--json")
        assert (doctor.returncode, words in doctor.stdout) == (1, True)
        tail = len(terminal("audit", "replay", "--ndjson").stdout.splitlines())
        assert f"duban doctor --accept-loss {tail}`" in doctor.stdout
        wrong = terminal("doctor", "--accept-loss", str(tail + 1))
        assert (wrong.returncode, f"give {tail}" in wrong.stderr) == (2, True), wrong.stderr
        assert json.loads(note.read_bytes()) == noted
        done = terminal("doctor", "--accept-loss", str(tail), "--by", "李科长")
        assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all is well"), done.stderr + done.stdout
        assert "李科长: that of 41 acknowledged events" in done.stdout
        assert post(terminal, assigned("another")).json()["position"] == tail + 1
        assert terminal("doctor", "--accept-loss", str(tail)).returncode == 2
        assert terminal.stop() == 0
        terminal.start()
        assert "李科长" in terminal("doctor").stdout
        verified = terminal("audit", "verify", "--json")
        assert verified.returncode == (0 if damage is cut else 1), verified.stdout
        (accepted,) = json.loads(verified.stdout)["accepted"]
        assert (accepted["type"], accepted["by"], accepted["loss"]["tail"]) == ("loss", "李科长", tail)
    finally:
        if terminal.up is not None and terminal.up.poll() is None:
            terminal.stop()
