"""A clock that jumps a century ahead under `duban up`, and back, or is confirmed by who runs it."""

import contextlib
import json
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.envelope import encode
from tests.cli.terminal import Terminal
from tests.examples import assigned, reported
from tests.patience import PATIENCE

NOW = "2018-04-02T10:00:00+08:00"
WRONG = "2126-04-02T10:00:00+08:00"


class Duban:
    """`duban up` by a clock in a file, which is set as a machine's wall clock is."""

    def __init__(self, directory: Path) -> None:
        self.clock = directory / "clock"
        self.clock.write_text(NOW)
        self.terminal = Terminal(directory / "data")
        self.base = f"http://127.0.0.1:{self.terminal.port}"

    def post(self, event: Any) -> dict[str, Any]:
        token = (self.terminal.data / "tokens" / f"{event.source.partition('/')[0]}.token").read_text().strip()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/cloudevents+json"}
        answer = httpx.post(f"{self.base}/v1/zhanjiang/events", content=encode(event), headers=headers)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def log(self) -> list[tuple[str, datetime]]:
        """Return type and recorded instant of each event."""
        lines = self.terminal("audit", "replay", "--ndjson").stdout.splitlines()
        events = [json.loads(line) for line in lines]
        return [(one["type"], datetime.fromisoformat(one["recordedtime"])) for one in events]

    def ready(self) -> httpx.Response:
        return httpx.get(f"{self.base}/health/ready")

    def until(self, status: int) -> httpx.Response:
        """Wait until readiness answers with a status."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                answer = self.ready()
                if answer.status_code == status:
                    return answer
            time.sleep(0.1)
        raise TimeoutError(f"readiness was never {status}")


@pytest.fixture
def duban(tmp_path: Path) -> Iterator[Duban]:
    duban = Duban(tmp_path)
    with duban.terminal.running("--clock", f"file:{duban.clock}"):
        yield duban


def test_a_wrong_jump_passes_no_deadline(duban: Duban) -> None:
    """Held, ingest records by the last good instant, and its clock records nothing; a right clock ends the hold."""
    assert duban.post(assigned())["position"] == 1
    duban.clock.write_text(WRONG)
    held = duban.until(503).json()
    assert (held["needs"], "2126-04-02T02:00:00" in held["detail"]) == ("operator", True)
    assert "2018-04-02T02:00:0" in held["detail"]
    assert "duban doctor --accept-clock" in held["detail"]
    duban.post(reported())
    doctor = duban.terminal("doctor")
    assert doctor.returncode == 1
    assert "2126-04-02T02:00:00" in doctor.stderr
    assert "--accept-clock" in doctor.stderr
    made = duban.terminal("token", "make", "board", "--expires", "90d")
    assert "the clock is held" in made.stderr
    assert made.stdout.count("\n") == 1  # the token alone
    rows = json.loads(duban.terminal("token", "list", "--json").stdout)
    assert [row["expires"][:10] for row in rows if row["expires"] is not None] == ["2018-07-01"]
    assert duban.terminal.read("overview").json()["at"] < "2019"
    assert duban.terminal.read("tasks").json()["items"]
    duban.clock.write_text("2018-04-02T10:30:00+08:00")
    duban.until(200)
    duban.post(reported(number=2))
    time.sleep(1)
    log = duban.log()
    assert [name for name, _ in log] == ["duban.task.assigned.v1", *["duban.progress.reported.v1"] * 2]
    assert log[1][1] < datetime.fromisoformat("2018-04-02T10:05:00+08:00")
    assert log[2][1] == datetime.fromisoformat("2018-04-02T10:30:00+08:00")
    assert duban.terminal("doctor").stdout == "all is well\n"
    assert duban.terminal("doctor", "--accept-clock").returncode == 2


def test_a_jump_that_is_right_is_confirmed_on_record(duban: Duban) -> None:
    """Also one while nothing ran: `duban up` comes up held, and once it is confirmed the clock records what is due."""
    duban.post(assigned())
    assert duban.terminal.stop() == 0
    duban.clock.write_text("2019-06-01T10:00:00+08:00")
    duban.terminal.launch("--clock", f"file:{duban.clock}")
    duban.until(503)
    duban.post(reported())
    assert [name for name, _ in duban.log()] == ["duban.task.assigned.v1", "duban.progress.reported.v1"]
    done = duban.terminal("doctor", "--accept-clock", "--by", "李科长")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "all is well"), done.stderr
    assert "accepted: " in done.stdout
    assert "李科长: the clock at 2019-06-01T02:00:00+00:00" in done.stdout
    assert duban.ready().status_code == 200
    end = time.monotonic() + PATIENCE
    while "duban.deadline.passed.v1" not in dict(duban.log()):
        assert time.monotonic() < end, duban.log()
        time.sleep(0.2)
    assert duban.log()[-1][1] >= datetime.fromisoformat("2019-06-01T10:00:00+08:00")
    assert "李科长" in duban.terminal("doctor").stdout
