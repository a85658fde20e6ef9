"""Messages that really went out: sent again by an operator's order, and acknowledged by the link in them."""

import html
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from events.deadline import Fixed
from events.envelope import Event, encode
from services.common.clock import monotonic
from tests.cli.terminal import Terminal
from tests.examples import assigned
from tests.notify.endpoint import SECRET

CLOCK = ("--clock", "2018-12-20T09:00:00+08:00@600")
"""A digest closes after ten minutes: in a second."""

SECONDS = 60.0

ACCEPTED = b'{"errcode":0,"errmsg":"ok"}'
"""As a robot says that it has accepted a message; a webhook's sender does not read it."""


class Hook:
    """A receiver that answers with `status`, and remembers the ids of what it was sent."""

    def __init__(self) -> None:
        self.status = 410
        self.ids: list[str] = []
        self.bodies: list[str] = []

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen until the block ends; yield the address, host:port."""
        hook = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.bodies.append(self.rfile.read(int(self.headers["content-length"])).decode())
                hook.ids.append(self.headers.get("webhook-id", ""))
                self.send_response(hook.status)
                self.send_header("content-length", str(len(ACCEPTED)))
                self.end_headers()
                self.wfile.write(ACCEPTED)

            def log_message(self, *_: object) -> None:
                """Say nothing on standard error."""

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"127.0.0.1:{server.server_port}"
            server.shutdown()
            thread.join()


def ledger(address: str, channel: str) -> str:
    """Return a ledger's file whose messages go to an address on a channel."""
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
"*" = [{{ {channel} }}]
"""


def until(wanted: Callable[[], bool]) -> None:
    """Wait until something is so; fail where it does not become so."""
    end = monotonic() + SECONDS
    waiting = threading.Event()
    while not wanted():
        assert monotonic() < end, "it did not come about"
        waiting.wait(0.1)


@contextmanager
def messages(data: Path, channel: str) -> Iterator[Hook]:
    """Have all messages of the ledger in a data directory go to a receiver, on a channel at {address}."""
    hook = Hook()
    (data / "ledgers").mkdir(parents=True)
    with hook.listening() as address:
        file = ledger(address, channel.format(address=address))
        (data / "ledgers" / "zhanjiang.toml").write_text(file, encoding="utf-8")
        yield hook


def publish(terminal: Terminal, *events: Event) -> None:
    """Have the office submit events."""
    file = terminal.data.parent / "events.ndjson"
    file.write_bytes(b"\n".join(map(encode, events)) + b"\n")
    done = terminal("publish", str(file), "--source", "office")
    assert done.returncode == 0, done.stderr


def states(terminal: Terminal) -> set[str]:
    """Return the states of the ledger's alerts."""
    headers = {"Authorization": f"Bearer {terminal.token('board')}"}
    answer = httpx.get(f"http://127.0.0.1:{terminal.port + 2}/v1/zhanjiang/alerts", headers=headers)
    return {one["state"] for one in answer.json()["items"]}


def test_what_was_refused_is_sent_again_by_order(tmp_path: Path) -> None:
    """Under the same id, on record as ordered; a channel is used again by its name, and what is wrong is said."""
    terminal = Terminal(tmp_path / "data")
    webhook = f'webhook = "http://{{address}}/hook", secret = "{SECRET}"'
    with messages(terminal.data, webhook) as hook, terminal.running(*CLOCK):
        publish(terminal, assigned("t-1"))
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


def test_the_link_in_a_message_acknowledges(tmp_path: Path) -> None:
    """A robot gets it with the alert of a deadline that has passed; the form behind it needs no account."""
    terminal = Terminal(tmp_path / "data")
    terminal.environment["DUBAN_PUBLIC_URL"] = f"http://127.0.0.1:{terminal.port + 1}"
    robot = 'wecom = "http://{address}/cgi-bin/webhook/send?key=0a1b2c3d"'
    with messages(terminal.data, robot) as hook, terminal.running(*CLOCK):
        hook.status = 200
        now = datetime.fromisoformat(terminal.read("overview").json()["at"])
        due = Fixed("尽快完成", due=now + timedelta(hours=2))
        publish(terminal, assigned("t-1", deadline=due, time=now))
        link = re.compile(r"http://127[^\s\\\")]*/acks?/[^\s\\\")]*")
        until(lambda: any(link.search(body) for body in hook.bodies))
        address = next(found[0] for body in hook.bodies if (found := link.search(body)))
        form = httpx.get(address)
        assert (form.status_code, form.headers["referrer-policy"]) == (200, "no-referrer")
        fields = dict(re.findall(r'name="(key|lang)" value="([^"]*)"', form.text))
        chosen = re.findall(r'name="until" value="([^"]*)"', form.text)[0]
        typed = fields | {"by": "李四", "word": "已联系，周五前报", "until": html.unescape(chosen)}
        done = httpx.post(address.partition("?")[0], data=typed)
        assert done.status_code == 200, done.text
        known = json.loads(terminal("audit", "replay", "--ndjson", "--type", "alert.acknowledged").stdout)
        assert (known["data"]["by"], known["authid"]) == ("李四", "notify")
