"""The secrets of links: good for one alert of one ledger, for 14 days."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.alert_rule import Trigger
from events.keys import key
from services.notify.ack_links import AckLinks, load_links
from services.notify.alerts import Alert

NOW = datetime(2019, 1, 9, 1, tzinfo=UTC)

LINKS = AckLinks("zhanjiang", bytes(range(32)), "https://board.example.cn")

DAY = timedelta(days=1)


def test_a_link_is_good_for_its_alert_for_fourteen_days() -> None:
    """From its making on, exclusive; the same instant gives the same link."""
    secret = LINKS.key("a-1", NOW)
    assert LINKS.link("a-1", NOW) == f"https://board.example.cn/v1/zhanjiang/alerts/a-1/ack/form?key={secret}"
    assert LINKS.key("a-1", NOW) == secret
    assert [LINKS.check("a-1", secret, NOW + days * DAY) for days in (0, 13, 14)] == ["good", "good", "ended"]
    assert len(secret.partition(".")[2]) == 22  # 128 bits


def test_a_link_is_good_for_nothing_else() -> None:
    """Neither for another alert, nor another ledger or deployment, nor with its end moved."""
    secret = LINKS.key("a-1", NOW)
    ends, _, code = secret.partition(".")
    assert LINKS.check("a-2", secret, NOW) == "wrong"
    assert LINKS._replace(ledger="elsewhere").check("a-1", secret, NOW) == "wrong"
    assert LINKS._replace(secret=bytes(32)).check("a-1", secret, NOW) == "wrong"
    assert LINKS.check("a-1", f"{int(ends, 16) + 1:x}.{code}", NOW) == "wrong"
    assert LINKS.check("a-1", f"{ends}.{code[::-1]}", NOW) == "wrong"


@pytest.mark.parametrize(
    "given", ["", ".", "x", "5c3e.", "5c3e." + "a" * 21, "5c3e." + "é" * 22, "\0", "5C." + "a" * 22]
)
def test_anything_else_is_wrong(given: str) -> None:
    """Whatever is sent in the place of a secret."""
    assert LINKS.check("a-1", given, NOW) == "wrong"


def test_an_id_is_one_step_of_the_path() -> None:
    """Whatever characters it has."""
    assert re.fullmatch(r"/v1/zhanjiang/alerts/[^/?#]+/ack/form", LINKS.path("a/b?c#d 提醒"))


def test_without_an_address_there_is_no_link() -> None:
    """A message that people could not follow a link from has none."""
    assert LINKS._replace(public_url=None).link("a-1", NOW) == ""


def test_messages_of_escalations_have_links() -> None:
    """Each alert its own; one that goes on to nobody else has none, nor has one that is about no single task."""
    about: list[tuple[Trigger, str]] = [("passed", "t-1"), ("open", "t-1"), ("assigned", "t-1"), ("silent", "")]
    alerts = [Alert(str(number), NOW, on, "督查室", on, task) for number, (on, task) in enumerate(about)]
    found = LINKS.of(alerts, NOW)
    assert found == {id: LINKS.link(id, NOW) for id in ("0", "1")}
    assert LINKS._replace(public_url=None).of(alerts, NOW) == {}


async def test_the_secret_is_made_once(redis: Any) -> None:
    """Every instance, and the next start, has the same; another ledger has another one."""
    first, again = await load_links(redis, "zhanjiang", None), await load_links(redis, "zhanjiang", None)
    other = await load_links(redis, "elsewhere", None)
    assert first.secret == again.secret != other.secret
    assert len(first.secret) == await redis.strlen(key("zhanjiang", "notify", "ack-secret")) == 32
