"""Signing in from the command line: links, and the errors of a command whose token is refused or missing."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import pytest

from services.common.settings import shipped
from tests.cli.terminal import CLEAN, DUBAN, Terminal, run
from tests.ports import free_ports

LINK = re.compile(r"(\S+)/zhanjiang/#code=([\w-]{22})(?![\w-])")
"""128 bits, as 22 characters of Base64."""

LINK_SECONDS = 60.0
"""Limit for a link to appear: the time until all services are ready."""


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a running duban."""
    with Terminal(tmp_path_factory.mktemp("open") / "data").running() as terminal:
        yield terminal


def sign_in(duban: Terminal, code: str) -> httpx.Response:
    """Sign in with a code, as the page does."""
    return httpx.post(f"http://127.0.0.1:{duban.port + 1}/v1/zhanjiang/session", json={"code": code})


def link_in(text: str) -> tuple[str, str]:
    """Return the address and the code of a link, the one line of a text."""
    found = LINK.fullmatch(text.strip())
    assert found is not None, text
    return found[1], found[2]


def remote(duban: Terminal, token: str = "", **environment: str) -> dict[str, str]:
    """Return the environment of a command on another machine."""
    return {"DUBAN_URL": f"http://127.0.0.1:{duban.port}", "DUBAN_TOKEN": token, **environment}


def test_a_link_signs_one_browser_in_as_board(duban: Terminal) -> None:
    """Its code stands in the fragment, is good once, and is all that standard output has."""
    done = duban("open")
    assert done.returncode == 0, done.stderr
    address, code = link_in(done.stdout)
    assert address == f"http://127.0.0.1:{duban.port + 1}"
    first, second = sign_in(duban, code), sign_in(duban, code)
    assert (first.status_code, first.json()["source"], second.status_code) == (200, "board", 401)
    assert code not in done.stderr


def test_a_link_is_for_the_source_and_the_days_that_are_asked_for(duban: Terminal) -> None:
    """A dashboard may stay signed in for days, no other role."""
    _, code = link_in(duban("open", "--source", "office").stdout)
    assert sign_in(duban, code).json()["source"] == "office"
    _, code = link_in(duban("open", "--days", "30").stdout)
    assert "Max-Age=2592000" in sign_in(duban, code).headers["set-cookie"]
    refused = duban("open", "--source", "office", "--days", "30")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "only a dashboard may stay signed in for days" in refused.stderr
    for words in (("--days", "91"), ("--days", "0"), ("--source", "nobody"), ("--ledger", "nowhere")):
        assert duban("open", *words).returncode == 2


def test_a_link_to_a_remote_deployment_has_its_public_address(duban: Terminal, tmp_path: Path) -> None:
    """Made with a token alone, as its source."""
    environment = remote(duban, duban.token("audit"), DUBAN_DATA=str(tmp_path))
    address, code = link_in(run("open", environment=environment).stdout)
    assert address == f"http://127.0.0.1:{duban.port + 1}"
    assert sign_in(duban, code).json()["source"] == "audit"
    public = run("open", environment=environment | {"DUBAN_PUBLIC_URL": "https://duban.example.cn"})
    assert link_in(public.stdout)[0] == "https://duban.example.cn"
    other = run("open", "--source", "board", environment=environment)
    assert (other.returncode, "DUBAN_TOKEN is set and has its own source" in other.stderr) == (2, True)


@pytest.mark.parametrize("words", [("status",), ("watch",), ("open",)])
def test_a_refused_token_is_named_with_the_remedy(duban: Terminal, words: Sequence[str], tmp_path: Path) -> None:
    """Exit 1 at once, also where a lost connection would be retried; the token itself is in no message."""
    revoked = "duban_" + "x" * 43
    done = run(*words, environment=remote(duban, revoked, DUBAN_DATA=str(tmp_path)))
    assert done.returncode == 1, done.stderr
    message = done.stderr.replace("\n", "")
    assert "the token in DUBAN_TOKEN was refused" in message
    assert "`duban token make SOURCE` makes one" in message
    assert revoked not in message
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens" / "board.token").write_text(revoked, encoding="utf-8")
    of_file = run(*words, environment=remote(duban, DUBAN_DATA=str(tmp_path)))
    assert of_file.returncode == 1
    assert f"the token in {tmp_path / 'tokens' / 'board.token'} was refused" in of_file.stderr.replace("\n", "")


@pytest.mark.parametrize("words", [("status",), ("watch",)])
def test_a_command_without_a_token_says_what_to_set(duban: Terminal, words: Sequence[str]) -> None:
    """Exit 2: it can be made right by an option or the environment."""
    done = run(*words, environment=remote(duban))
    assert done.returncode == 2, done.stderr
    message = done.stderr.replace("\n", "")
    assert re.search(r"/v1/zhanjiang/tasks\S* needs a token: set DUBAN_TOKEN", message), message


def test_up_prints_a_link_to_a_terminal(tmp_path: Path) -> None:
    """It signs in as `board`; the log of the services has neither the link nor a token."""
    terminal = Terminal(tmp_path / "data")
    command = ["up", "--data", str(terminal.data), "--port", str(terminal.port)]
    log = tmp_path / "services.log"
    shown = shown_until_link(command, log)
    found = LINK.search(shown)
    assert found is not None, shown
    assert found[1] == f"http://127.0.0.1:{terminal.port + 1}"
    logged = log.read_text(encoding="utf-8")
    assert "#code=" not in logged
    assert terminal.token("board") not in shown + logged


def test_up_prints_no_link_to_a_file(duban: Terminal) -> None:
    """A file or a log keeps what it gets, and others read it."""
    text = (duban.data.parent / "up.log").read_text(encoding="utf-8")
    assert "duban runs: " in text
    assert "#code=" not in text


def test_the_demo_prints_a_link_while_it_plays(tmp_path: Path) -> None:
    """So that the board can be seen as it changes."""
    data, port = tmp_path / "data", free_ports(3)
    shown = shown_until_link(["demo", "--seconds", "60", "--data", str(data), "--port", str(port)], tmp_path / "log")
    assert f"http://127.0.0.1:{port + 1}/zhanjiang/#code=" in shown


def test_a_public_ledger_is_read_without_a_token(tmp_path: Path) -> None:
    """`[reading] public` opens it to commands, too; a token is sent where there is one."""
    terminal = Terminal(tmp_path / "data")
    ledgers = terminal.data / "ledgers"
    ledgers.mkdir(parents=True)
    text = shipped("zhanjiang.toml").read_text(encoding="utf-8")
    (ledgers / "zhanjiang.toml").write_text(f"{text}\n[reading]\npublic = true\n", encoding="utf-8")
    with terminal.running():
        for token in ("", terminal.token("board")):
            done = run("status", environment=remote(terminal, token, DUBAN_DATA=str(tmp_path / "none")))
            assert done.returncode == 0, done.stderr


def shown_until_link(words: Sequence[str], log: Path) -> str:
    """Run a command with a terminal as its standard output, end it after its first link, and return what it showed."""
    controlling, terminal = pty.openpty()
    with log.open("wb") as errors:
        process = subprocess.Popen([*DUBAN, *words], env=CLEAN, stdout=terminal, stderr=errors)
    os.close(terminal)
    shown, end = b"", time.monotonic() + LINK_SECONDS
    try:
        while LINK.search(shown.decode(errors="replace")) is None:
            assert time.monotonic() < end, (shown, log.read_text(encoding="utf-8"))
            if select.select([controlling], [], [], 0.2)[0]:
                shown += os.read(controlling, 65_536)
    finally:
        process.send_signal(signal.SIGINT)
        while process.poll() is None:  # a full terminal would hold its end up
            if select.select([controlling], [], [], 0.2)[0]:
                try:
                    os.read(controlling, 65_536)
                except OSError:  # it has closed its side
                    break
        process.wait(LINK_SECONDS)
        os.close(controlling)
    return shown.decode(errors="replace")
