"""The token that a command reads with, and the errors where there is none."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pytest

from services.cli.target import DATA, LEDGER, Run, Target, bearer_of, find, token_file, write_run
from services.common.settings import SettingsError

REMOTE = {"DUBAN_URL": "http://duban.example.cn:8801"}


def with_tokens(directory: Path, *sources: str, ledger: str = LEDGER) -> Path:
    """Return a data directory of `duban up` in which each source's token is its name."""
    directory.mkdir(parents=True, exist_ok=True)
    write_run(directory, Run("redis://127.0.0.1:1/0", 8801, 1))
    for source in sources:
        path = token_file(directory, ledger, source)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"duban_{source}\n", encoding="utf-8")
    return directory


def found(directory: Path, **environment: str) -> Target:
    return find(None, {"DUBAN_DATA": str(directory), **environment})


def test_commands_read_as_board_unless_a_source_is_named(tmp_path: Path) -> None:
    """The token is that of the file; the message of a refusal names the file."""
    target = found(with_tokens(tmp_path, "audit", "board", "office"))
    bearer, named = target.reader(LEDGER), target.reader(LEDGER, "audit")
    assert bearer is not None
    assert named is not None
    assert (bearer.token, bearer.origin) == ("duban_board", str(tmp_path / "tokens" / "board.token"))
    assert bearer.headers == {"Authorization": "Bearer duban_board"}
    assert named.token == "duban_audit"


def test_a_ledger_without_board_is_read_with_another_token(tmp_path: Path) -> None:
    """Every role may read; a ledger's tokens are its own."""
    target = found(with_tokens(tmp_path, "office", "district", ledger="elsewhere"))
    bearer = target.reader("elsewhere")
    assert bearer is not None
    assert bearer.token == "duban_district"
    assert target.reader(LEDGER) is None


def test_a_source_without_a_token_is_an_error_with_those_that_have_one(tmp_path: Path) -> None:
    """The message has the missing file and the sources to choose from."""
    target = found(with_tokens(tmp_path, "audit", "board"))
    with pytest.raises(SettingsError, match=r"nobody\.token: no token of 'nobody'; there are tokens of: audit, board"):
        target.reader(LEDGER, "nobody")
    with pytest.raises(SettingsError, match="no token of 'board'; set DUBAN_TOKEN, or start `duban up`"):
        target.reader("elsewhere", "board")


@pytest.mark.parametrize("place", [REMOTE, {"DUBAN_REDIS_URL": "redis://127.0.0.1:1/0"}])
def test_elsewhere_the_token_is_that_of_the_environment(tmp_path: Path, place: Mapping[str, str]) -> None:
    """It has a source of its own, so that naming another one is an error."""
    target = found(tmp_path, **place, DUBAN_TOKEN=" duban_mine\n")
    bearer = target.reader(LEDGER)
    assert bearer is not None
    assert (bearer.token, bearer.origin) == ("duban_mine", "DUBAN_TOKEN")
    with pytest.raises(SettingsError, match="--source board: DUBAN_TOKEN is set"):
        target.reader(LEDGER, "board")
    assert found(tmp_path, **place, DUBAN_TOKEN="").reader(LEDGER) is None


def test_a_token_of_this_machine_is_not_sent_elsewhere_by_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory `.duban` beside which a command is typed is that of another deployment than DUBAN_URL's."""
    monkeypatch.chdir(with_tokens(tmp_path / DATA, "board", "office").parent)
    here, there = find(None, {}), find(None, REMOTE)
    assert here.reader(LEDGER) == here.token_of(LEDGER, "board")
    assert there.reader(LEDGER) is None
    with pytest.raises(SettingsError, match="no token of 'office': with DUBAN_URL set DUBAN_TOKEN too"):
        there.token_of(LEDGER, "office")


@pytest.mark.parametrize("text", ["", "two words", "令牌", "a\nb"])
def test_what_no_header_can_carry_is_no_token(tmp_path: Path, text: str) -> None:
    """The error is that of the setting or the file, and does not repeat it."""
    with_tokens(tmp_path, "board")
    token_file(tmp_path, LEDGER, "board").write_text(text, encoding="utf-8")
    for wrong in (partial(bearer_of, text), partial(found(tmp_path).reader, LEDGER)):
        with pytest.raises(SettingsError, match="is not a token") as error:
            wrong()
        assert not text or text not in str(error.value)


def test_a_file_that_is_not_text_is_no_token(tmp_path: Path) -> None:
    """Its bytes are no UTF-8."""
    with_tokens(tmp_path, "board")
    token_file(tmp_path, LEDGER, "board").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="is not a token"):
        found(tmp_path).reader(LEDGER)


@pytest.mark.parametrize(
    ("environment", "page"),
    [
        ({}, f"http://127.0.0.1:8802/{LEDGER}/"),
        (REMOTE, f"http://duban.example.cn:8802/{LEDGER}/"),
        ({**REMOTE, "DUBAN_PUBLIC_URL": "https://duban.example.cn/"}, f"https://duban.example.cn/{LEDGER}/"),
        ({"DUBAN_PUBLIC_URL": "https://duban.example.cn"}, f"https://duban.example.cn/{LEDGER}/"),
    ],
)
def test_the_page_is_at_the_public_address_or_at_status(
    tmp_path: Path, environment: Mapping[str, str], page: str
) -> None:
    """DUBAN_PUBLIC_URL is the address that people use, in front of a proxy."""
    assert found(with_tokens(tmp_path), **environment).page(LEDGER) == page


@pytest.mark.parametrize("wrong", ["duban.example.cn", "https://duban.example.cn/board"])
def test_a_public_address_that_is_none_is_an_error(tmp_path: Path, wrong: str) -> None:
    """By the rule that the services have for it."""
    with pytest.raises(SettingsError, match=f"^DUBAN_PUBLIC_URL='{wrong}': "):
        found(with_tokens(tmp_path), DUBAN_PUBLIC_URL=wrong)
