"""The server's URL: where its password comes from, and that nobody gets to see it."""

from pathlib import Path

import pytest

from services.settings import Settings, SettingsError, server_url, shown

SECRET = "sécret/#@:%"
QUOTED = "s%C3%A9cret%2F%23%40%3A%25"


def test_the_password_may_lie_in_a_file(tmp_path: Path) -> None:
    """Whatever characters it has; the rest of the URL stays as it is."""
    (tmp_path / "password").write_text(SECRET + "\n", encoding="utf-8")
    environment = {
        "DUBAN_REDIS_URL": "rediss://ingest@redis:6380/0?ssl_cert_reqs=none",
        "DUBAN_REDIS_PASSWORD_FILE": str(tmp_path / "password"),
    }
    url = f"rediss://ingest:{QUOTED}@redis:6380/0?ssl_cert_reqs=none"
    assert server_url(environment) == Settings.from_environment(environment).redis_url == url
    assert shown(url) == environment["DUBAN_REDIS_URL"]


@pytest.mark.parametrize(
    ("url", "file", "said"),
    [
        ("redis://ingest:hidden/part@redis:6379/0", None, "percent-encoded"),
        ("redis://ingest:hidden#part@redis:6379/0", None, "percent-encoded"),
        ("http://ingest:hidden@redis:6379/0", None, "redis://user:password@host:6379/0"),
        (
            "rediss://ingest:hidden@redis/0?ssl_ca_certs=/nowhere/ca.pem",
            None,
            "ssl_ca_certs: there is no file /nowhere",
        ),
        ("redis://ingest@redis:6379/0", "/nowhere/password", "/nowhere/password: No such file"),
        ("redis://ingest:hidden@redis:6379/0", "/nowhere/password", "needs a user, and no password"),
        ("redis://redis:6379/0", "/nowhere/password", "needs a user, and no password"),
    ],
)
def test_what_cannot_be_used_is_told_without_the_password(url: str, file: str | None, said: str) -> None:
    """The message says what is wrong and what would be right."""
    environment = {"DUBAN_REDIS_URL": url} | ({"DUBAN_REDIS_PASSWORD_FILE": file} if file else {})
    with pytest.raises(SettingsError) as raised:
        server_url(environment)
    assert said in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_without_a_password_nothing_is_hidden() -> None:
    """Most URLs have no secret."""
    assert shown("redis://127.0.0.1:6379/0") == "redis://127.0.0.1:6379/0"
    assert server_url({}) is None
