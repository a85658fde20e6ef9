"""`duban token`, as an operator types it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.common.tokens import hash_of
from tests.cli.terminal import Terminal, run

NOW = datetime.fromisoformat("2018-12-20T09:00:00+08:00")


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a duban in December 2018."""
    with Terminal(tmp_path_factory.mktemp("token") / "data").running("--clock", NOW.isoformat()) as terminal:
        yield terminal


def answer(duban: Terminal, token: str) -> int:
    """Return the status of a submission of nothing."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    return httpx.post(f"http://127.0.0.1:{duban.port}/v1/zhanjiang/events", content=b"", headers=headers).status_code


def test_a_new_token_is_all_that_is_printed(duban: Terminal) -> None:
    """So that it can be redirected to where it belongs; what it is goes to the other stream."""
    done = duban("token", "make", "units")
    assert done.returncode == 0
    assert re.fullmatch(r"duban_[\w-]{43}\n", done.stdout)
    assert "of units, until it is revoked" in done.stderr
    assert done.stdout.strip() not in done.stderr
    assert answer(duban, done.stdout.strip()) == 200


def test_tokens_are_listed_without_a_secret(duban: Terminal) -> None:
    """Source, role, who, when and what for, by the ledger's clock; neither the token nor its hash."""
    words = ("token", "make", "office", "--expires", "2018-12-31", "--note", "导入用", "--by", "张三")
    token = duban(*words).stdout.strip()
    listed = duban("token", "list", "--json").stdout
    (row,) = [row for row in json.loads(listed) if row["note"] == "导入用"]
    made = datetime.fromisoformat(row.pop("made"))
    assert timedelta(0) <= made - NOW < timedelta(hours=1)
    assert row == {
        "id": hash_of(token)[:16],
        "source": "office",
        "role": "assigner",
        "by": "张三",
        "expires": "2019-01-01T00:00:00+08:00",
        "note": "导入用",
        "state": "good",
        "revoked": None,
        "revoked_by": "",
    }
    shown = duban("token", "list").stdout
    assert row["id"] in shown
    for secret in (token, hash_of(token), hash_of(token)[-32:]):
        assert secret not in listed + shown


def test_a_revoked_token_is_refused_at_the_next_request_and_stays_on_record(duban: Terminal) -> None:
    """By its id; an unknown id is reported and makes the exit code 1, and the others are still revoked."""
    first, second = [duban("token", "make", "units").stdout.strip() for _ in range(2)]
    assert [answer(duban, token) for token in (first, second)] == [200, 200]
    done = duban("token", "revoke", hash_of(first)[:16], "--by", "李四")
    assert (done.returncode, answer(duban, first), answer(duban, second)) == (0, 401, 200)
    ids = {row["id"] for row in json.loads(duban("token", "list", "--json").stdout)}
    assert hash_of(first)[:16] not in ids
    rows = {row["id"]: row for row in json.loads(duban("token", "list", "--all", "--json").stdout)}
    assert (rows[hash_of(first)[:16]]["state"], rows[hash_of(first)[:16]]["revoked_by"]) == ("revoked", "李四")
    assert "revoked" in duban("token", "list", "--all").stdout
    unknown = duban("token", "revoke", "0123456789abcdef", hash_of(second)[:16])
    assert (unknown.returncode, answer(duban, second)) == (1, 401)
    assert "0123456789abcdef: zhanjiang has no such token" in unknown.stderr


@contextmanager
def signed_in(duban: Terminal, token: str) -> Iterator[httpx.Client]:
    """Yield a browser that is signed in with a token."""
    with httpx.Client(base_url=f"http://127.0.0.1:{duban.port + 1}/v1/zhanjiang/") as browser:
        browser.post("session", json={"token": token}).raise_for_status()
        yield browser


def sessions(duban: Terminal, *options: str) -> dict[str, dict[str, str]]:
    """Return the listed sessions of browsers by the ids of their tokens."""
    return {row["token"]: row for row in json.loads(duban("token", "list", "--sessions", "--json", *options).stdout)}


def test_browsers_that_are_signed_in_are_listed_and_can_be_signed_out(duban: Terminal) -> None:
    """Each with its token and its instants, without a secret; its token stays valid."""
    token = duban("token", "make", "board").stdout.strip()
    with signed_in(duban, token) as browser:
        assert browser.get("overview").status_code == 200
        secret = dict(browser.cookies).popitem()[1]
        row = sessions(duban)[hash_of(token)[:16]]
        made, until = (datetime.fromisoformat(row[name]) for name in ("made", "until"))
        assert (row["id"], row["source"], row["role"], row["state"]) == (
            hash_of(secret)[:16], "board", "dashboard", "good",
        )  # fmt: skip
        assert abs(datetime.now(made.tzinfo) - made) < timedelta(hours=1)  # real time, not the ledger's
        assert timedelta(minutes=29) < until - made <= timedelta(minutes=31)
        shown = duban("token", "list").stdout
        assert row["id"] in shown
        assert not {secret, hash_of(secret), token} & set(shown.split())
        done = duban("token", "end-session", row["id"])
        assert (done.returncode, done.stdout) == (0, f"{row['id']} has ended\n")
        assert browser.get("overview").status_code == 401
        assert hash_of(token)[:16] not in sessions(duban, "--all")
        assert browser.get("overview", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    again = duban("token", "end-session", row["id"], secret)
    assert again.returncode == 1
    assert f"{row['id']}: zhanjiang has no such session" in again.stderr
    assert "not an id" in again.stderr
    assert secret not in again.stdout + again.stderr


def test_a_session_ends_with_its_token(duban: Terminal) -> None:
    """It is no longer listed as good, and the browser is signed out."""
    token = duban("token", "make", "audit").stdout.strip()
    with signed_in(duban, token) as browser:
        assert hash_of(token)[:16] in sessions(duban)
        assert duban("token", "revoke", hash_of(token)[:16]).returncode == 0
        assert browser.get("overview").status_code == 401
    assert hash_of(token)[:16] not in sessions(duban)
    assert sessions(duban, "--all")[hash_of(token)[:16]]["state"] == "token revoked"
    assert "token revoked" in duban("token", "list", "--all").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("make", "unit"),
            "zhanjiang has no source 'unit'; it has: office (assigner), units (reporter), audit (auditor)",
        ),
        (("make", "unit"), '[sources."unit"]\nrole = "reporter"\nunits = '),
        (("make", "units", "--expires", "soon"), "--expires 'soon' is not one of: 90d, a day"),
        (("make", "units", "--expires", "2018-12-31T12:00:00"), "is not one of: 90d, a day"),
        (("make", "units", "--expires", "2018-12-19"), "has passed: by the ledger's clock it is 2018-12-20T09:"),
        (("make", "units", "--ledger", "nowhere"), "nowhere.toml"),
        (("--acl", "list"), "--acl, --out and --data cannot precede list"),
        (("--out", "x"), "--out needs --acl"),
        ((), "give a command (make, list, revoke, end-session) or --acl"),
    ],
)
def test_wrong_usage_is_an_error(duban: Terminal, words: tuple[str, ...], message: str) -> None:
    """Exit 2, nothing on standard output, and the correct usage."""
    done = duban("token", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_without_the_server_there_is_an_error(tmp_path: Path) -> None:
    """Tokens are kept where the log is."""
    done = run("token", "list", environment={"DUBAN_URL": "http://127.0.0.1:8801", "DUBAN_DATA": str(tmp_path)})
    assert (done.returncode, "set DUBAN_REDIS_URL" in done.stderr) == (2, True)


def test_a_start_does_not_restore_a_revoked_token(tmp_path: Path) -> None:
    """The file of a revoked token gets a new one, with a notice; other files stay as they are."""
    terminal = Terminal(tmp_path / "data")
    files = [terminal.data / "tokens" / f"{source}.token" for source in ("units", "office")]
    with terminal.running():
        before = [file.read_text(encoding="utf-8").strip() for file in files]
        assert [answer(terminal, token) for token in before] == [200, 200]
        done = terminal("token", "revoke", hash_of(before[0])[:16])
        assert "units.token contained it" in done.stderr.replace("\n", "")
        assert terminal.stop() == 0
        terminal.start()
        after = [file.read_text(encoding="utf-8").strip() for file in files]
        assert (after[0] != before[0], after[1] == before[1]) == (True, True)
        assert [answer(terminal, token) for token in (before[0], *after)] == [401, 200, 200]
        assert files[0].stat().st_mode & 0o777 == 0o600
    log = (tmp_path / "up.log").read_text(encoding="utf-8")
    assert "the token in it was revoked; the file has a new token of 'units' now" in log
