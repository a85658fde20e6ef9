"""`duban notify retry` and `recover`, as an operator types them after a receiver had refused for good."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from events.envelope import encode
from services.common.clock import monotonic
from tests.cli.terminal import Terminal
from tests.examples import assigned
from tests.notify.endpoint import SECRET

CLOCK = ("--clock", "2018-12-20T09:00:00+08:00@600")
"""A digest closes after ten minutes: in a second."""

SECONDS = 60.0


class Hook:
    """A receiver that answers with `status`, and remembers the ids of what it was sent."""

    def __init__(self) -> None:
        self.status = 410
        self.ids: list[str] = []

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen until the block ends; yield the address, host:port."""
        hook = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                hook.ids.append(self.headers["webhook-id"])
                self.send_response(hook.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing on standard error."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()


def ledger(address: str) -> str:
    """Return a ledger's file whose messages go to an address."""
    return f"""title = "湛江市"
units = ["市残联"]
[sources]
office = {{ role = "assigner" }}
units = {{ role = "reporter", units = ["*"] }}
audit = {{ role = "auditor" }}
board = {{ role = "dashboard" }}
[alerts]
allow = ["{address}"]
[alerts.channels]
"*" = [{{ webhook = "http://{address}/hook", secret = "{SECRET}" }}]
"""


def until(wanted: Callable[[], bool]) -> None:
    """Wait until something is so; fail where it does not become so."""
    end = monotonic() + SECONDS
    waiting = threading.Event()
    while not wanted():
        assert monotonic() < end, "it did not come about"
        waiting.wait(0.1)


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[Hook]:
    """Return a receiver to which all messages of the ledger go."""
    hook = Hook()
    ledgers = tmp_path / "data" / "ledgers"
    ledgers.mkdir(parents=True)
    with hook.listening() as address:
        (ledgers / "zhanjiang.toml").write_text(ledger(address), encoding="utf-8")
        yield hook


def states(terminal: Terminal) -> set[str]:
    """Return the states of the ledger's alerts."""
    headers = {"Authorization": f"Bearer {terminal.token('board')}"}
    answer = httpx.get(f"http://127.0.0.1:{terminal.port + 2}/v1/zhanjiang/alerts", headers=headers)
    return {one["state"] for one in answer.json()["items"]}


def test_what_was_refused_is_sent_again_by_order(hook: Hook, tmp_path: Path) -> None:
    """Under the same id, on record as ordered; a channel is used again by its name, and what is wrong is said."""
    terminal = Terminal(tmp_path / "data")
    with terminal.running(*CLOCK):
        (tmp_path / "events.ndjson").write_bytes(encode(assigned("t-1")) + b"\n")
        done = terminal("publish", str(tmp_path / "events.ndjson"), "--source", "office")
        assert done.returncode == 0, done.stderr
        until(lambda: states(terminal) == {"failed"})
        refused = list(hook.ids)
        hook.status = 204
        nothing = terminal("notify", "retry", "no-such")
        told = " ".join(nothing.stderr.split())
        assert (nothing.returncode, "channels that were used: " in told) == (
            2,
            True,
        )
        first = terminal("notify", "retry", "--by", "李四")
        assert (first.returncode, "1 delivery will be sent again" in " ".join(first.stdout.split())) == (0, True)
        until(lambda: states(terminal) == {"sent"})
        assert set(hook.ids[len(refused) :]) == set(refused)
        again = terminal("notify", "retry")
        assert (again.returncode, "nothing is in the dead letters" in again.stdout) == (0, True)
        shown = told.partition("channels that were used: ")[2].partition(" (")[0]
        used = terminal("notify", "recover", shown, "--since", "2018-12-20")
        assert (used.returncode, f"{shown} is used again" in " ".join(used.stdout.split())) == (0, True), used.stderr
        wrong = terminal("notify", "recover", shown, "--since", "noon")
        assert (wrong.returncode, "--since" in wrong.stderr) == (2, True)
        record = json.loads(terminal("audit", "verify", "--json").stdout)
        assert record["findings"] == []
