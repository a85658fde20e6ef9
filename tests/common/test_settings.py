"""The server's URL: where its password comes from, and that nobody gets to see it."""

from pathlib import Path

import pytest

from services.common.limits import Limits
from services.common.networks import Networks
from services.common.settings import SERVICES, Settings, SettingsError, server_url, shown

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


PUBLIC = "https://board.example.cn"


def test_status_finds_the_other_services_beside_itself_unless_they_are_set() -> None:
    """On the machine itself at their ports, whatever the address to listen on; a last slash of a URL says nothing."""
    assert [Settings().url_of(name) for name in SERVICES] == [f"http://127.0.0.1:{port}" for port in (8801, 8802, 8803)]
    given = {"DUBAN_PORT": "9001", "DUBAN_HOST": "::", "DUBAN_NOTIFY_URL": "http://notify:8803/"}
    settings = Settings.from_environment(given | {"DUBAN_PUBLIC_URL": f"{PUBLIC}/"})
    assert (settings.url_of("ingest"), settings.url_of("notify")) == ("http://127.0.0.1:9001", "http://notify:8803")
    assert settings.public_url == PUBLIC
    assert Settings().public_url is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("board.example.cn", "is not a scheme"),
        (f"{PUBLIC}/duban", "is not a scheme"),
        (f"{PUBLIC}:443", f"left out: {PUBLIC}"),
        ("https://user:secret@board.example.cn", "is not a scheme"),
    ],
)
@pytest.mark.parametrize("name", ["DUBAN_PUBLIC_URL", "DUBAN_INGEST_URL", "DUBAN_NOTIFY_URL"])
def test_an_address_that_is_none_is_told(name: str, text: str, said: str) -> None:
    """With the variable, what is wrong and what would be right."""
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({name: text})
    for words in (name, said, "https://board.example.cn or http://10.0.0.5:3000"):
        assert words in str(raised.value)


def test_the_bounds_of_clients_are_settings() -> None:
    """64 connections, 16 streams and no trusted proxy, unless they are set."""
    assert Settings.from_environment({}).limits == Limits(64, 16, Networks())
    given = {"DUBAN_CONNECTIONS": "9", "DUBAN_STREAMS": "3", "DUBAN_TRUSTED_PROXIES": "10.0.0.0/8, ::1"}
    assert Settings.from_environment(given).limits == Limits(9, 3, Networks("10.0.0.0/8,::1"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DUBAN_CONNECTIONS", "0", ">= 1"),
        ("DUBAN_CONNECTIONS", "many", "`int`"),
        ("DUBAN_STREAMS", "-1", ">= 1"),
        ("DUBAN_STREAMS", "1.5", "`int`"),
        ("DUBAN_TRUSTED_PROXIES", "10.0.0.1/8", "host bits set"),
        ("DUBAN_TRUSTED_PROXIES", "10.0.0.0/8,proxy", "10.0.0.0/8, 192.0.2.7 or 2001:db8::/32"),
        ("DUBAN_TRUSTED_PROXIES", "10.0.0.0/8,", "no network"),
        ("DUBAN_REPLICAS", "-1", ">= 0"),
        ("DUBAN_PORT", "http", "`int`"),
        ("DUBAN_PORT", "0", ">= 1"),
        ("DUBAN_PORT", "65534", "<= 65533"),
        ("DUBAN_REFUSED_BYTES", "-1", ">= 0"),
        ("DUBAN_REFUSED_BYTES", "64 MiB", "`int`"),
        ("DUBAN_LOG", "xml", "'xml'"),
    ],
)
def test_a_bad_setting_is_told_with_its_name_and_what_is_right(name: str, value: str, said: str) -> None:
    """At the start, before anything is served."""
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({name: value})
    assert str(raised.value).startswith(f"{name}={value!r}: ")
    assert said in str(raised.value)
