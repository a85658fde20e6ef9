"""Sessions and sign-in codes: how long each is good, how often, and what is kept of it."""

import asyncio
from typing import Any

import msgspec
import pytest

from events.keys import key
from services.common import sessions
from services.common.sessions import (
    CODE_SECONDS,
    IDLE_SECONDS,
    MOST_CODES,
    MOST_OF_SOURCE,
    USE_SECONDS,
    WHOLE_SECONDS,
    BrowserSession,
    SignInCode,
)
from services.common.tokens import hash_of

NAME = "zhanjiang"
NOW = 1_500_000_000.0
TOKEN = hash_of("a token")
BOARD = SignInCode("board", TOKEN)


async def found(redis: Any, secret: str) -> BrowserSession | None:
    known = await sessions.find(redis, NAME, [(await sessions.installation(redis), secret)])
    return known[0] if known else None


async def kept(redis: Any) -> list[str]:
    return [one.id for one in await sessions.every(redis, NAME)]


async def test_a_session_is_found_by_its_secret_which_is_nowhere_kept(redis: Any) -> None:
    """Its record has who it is for, and the ids to list it and to end it by."""
    secret, session = await sessions.start(redis, NAME, BOARD, NOW)
    assert await found(redis, secret) == session
    assert (session.source, session.token, session.made, session.used) == ("board", TOKEN[:16], NOW, NOW)
    assert session.id == hash_of(secret)[:16]
    assert secret not in repr(await redis.hgetall(key(NAME, "sessions")))
    assert await found(redis, secret + "x") is None
    assert await sessions.find(redis, "elsewhere", [(await sessions.installation(redis), secret)]) == []


async def test_a_secret_of_another_deployment_is_none(redis: Any) -> None:
    """Even where this server has a session with it: the name of its cookie is another's."""
    secret, _ = await sessions.start(redis, NAME, BOARD, NOW)
    assert await sessions.find(redis, NAME, [("0123456789abcdef", secret)]) == []
    assert await sessions.find(redis, NAME, [("0123456789abcdef", "x"), (await sessions.installation(redis), secret)])


async def test_what_has_the_id_of_a_session_alone_is_none(redis: Any) -> None:
    """The id only finds the record; the whole hash decides."""
    secret, session = await sessions.start(redis, NAME, BOARD, NOW)
    record = await redis.hget(key(NAME, "sessions"), session.id)
    await redis.hset(key(NAME, "sessions"), session.id, record.replace(session.hash[16:].encode(), b"0" * 48))
    assert await found(redis, secret) is None


async def test_the_deployment_has_one_id(redis: Any) -> None:
    """Made with the first use, and the same for all who ask at once."""
    ids = await asyncio.gather(*(sessions.installation(redis) for _ in range(8)))
    assert len(set(ids)) == 1
    assert len(ids[0]) == 16


@pytest.mark.parametrize(
    ("days", "used", "until"),
    [
        (0, 0, IDLE_SECONDS),
        (0, 3_600, 3_600 + IDLE_SECONDS),
        (0, WHOLE_SECONDS - 60, WHOLE_SECONDS),
        (90, 0, 90 * 86_400),
        (1, 80_000, 86_400),
    ],
)
def test_a_session_is_over_after_30_minutes_without_use_and_8_hours_in_all(days: int, used: int, until: int) -> None:
    """A dashboard's lasts the days that were asked for, used or not: nobody signs a screen in each morning."""
    assert BrowserSession("h", "board", TOKEN, NOW, NOW + used, days).until == NOW + until


async def test_use_is_recorded_at_most_once_a_minute(redis: Any) -> None:
    """Each write is a flush to disk; a clock that was set back is recorded, too."""
    secret, session = await sessions.start(redis, NAME, BOARD, NOW)
    for now, used in ((NOW + USE_SECONDS - 1, NOW), (NOW + USE_SECONDS, NOW + USE_SECONDS), (NOW - 5, NOW - 5)):
        await sessions.use(redis, NAME, [session], now)
        read = await found(redis, secret)
        assert read is not None
        session = read
        assert session.used == used


async def test_a_session_that_was_ended_stays_ended(redis: Any) -> None:
    """Also for a service that had looked it up just before, and records its use just after."""
    secret, session = await sessions.start(redis, NAME, BOARD, NOW)
    await sessions.end(redis, NAME, session.id)
    await sessions.use(redis, NAME, [session], NOW + USE_SECONDS)
    assert await found(redis, secret) is None
    assert await redis.exists(key(NAME, "sessions"), key(NAME, "sessions", "used")) == 0
    with pytest.raises(sessions.UnknownSessionError):
        await sessions.end(redis, NAME, session.id)


async def test_use_is_recorded_when_the_memory_is_full(redis: Any) -> None:
    """Reading goes on then, so nobody is signed out by it."""
    secret, session = await sessions.start(redis, NAME, BOARD, NOW)
    await redis.config_set("maxmemory", "1")
    try:
        await sessions.use(redis, NAME, [session], NOW + USE_SECONDS)
    finally:
        await redis.config_set("maxmemory", "0")
    read = await found(redis, secret)
    assert read is not None
    assert read.used == NOW + USE_SECONDS


async def test_sessions_are_listed_and_those_that_are_over_go_with_the_next_sign_in(redis: Any) -> None:
    """In the order of their sign-ins."""
    first, second = [(await sessions.start(redis, NAME, BOARD, NOW + number))[1] for number in range(2)]
    assert await kept(redis) == [first.id, second.id]
    await sessions.use(redis, NAME, [second], NOW + IDLE_SECONDS - 1)
    _, third = await sessions.start(redis, NAME, BOARD, NOW + IDLE_SECONDS + 10)
    assert await kept(redis) == [second.id, third.id]


async def test_a_source_has_a_thousand_sessions_and_no_more(redis: Any) -> None:
    """A sign-in beyond them ends the one that was used longest ago, of this source alone."""
    records = {
        (one := BrowserSession(hash_of(f"{n}"), "board", TOKEN, NOW, NOW + n)).id: one for n in range(MOST_OF_SOURCE)
    }
    office = BrowserSession(hash_of("office"), "office", TOKEN, NOW - 1, NOW - 1)
    for one in (*records.values(), office):
        await redis.hset(key(NAME, "sessions"), one.id, msgspec.json.encode(one))
    _, newest = await sessions.start(redis, NAME, BOARD, NOW + 1)
    assert set(await kept(redis)) == {*list(records)[1:], office.id, newest.id}


async def test_a_code_is_good_once(redis: Any) -> None:
    """Of many who redeem it at once, one gets in; only its hash is kept."""
    code = await sessions.issue_code(redis, NAME, SignInCode("board", TOKEN, 7), NOW)
    assert len(code) == 22  # 128 bits
    assert code not in repr(await redis.keys())
    assert await sessions.redeem(redis, "elsewhere", code) is None
    redeemed = await asyncio.gather(*(sessions.redeem(redis, NAME, code) for _ in range(20)))
    assert [one for one in redeemed if one is not None] == [SignInCode("board", TOKEN, 7)]


async def test_a_code_is_good_for_five_minutes(redis: Any) -> None:
    """The server itself forgets it then."""
    code = await sessions.issue_code(redis, NAME, BOARD, NOW)
    name = key(NAME, "codes", hash_of(code))
    assert CODE_SECONDS - 5 < await redis.ttl(name) <= CODE_SECONDS == 300
    await redis.pexpire(name, 1)
    await asyncio.sleep(0.05)
    assert await sessions.redeem(redis, NAME, code) is None


async def test_the_use_of_many_sessions_is_recorded_at_once(redis: Any) -> None:
    """Of those for which it is due, in one command."""
    made = [(await sessions.start(redis, NAME, BOARD, NOW + number))[1] for number in range(3)]
    before = await used_scripts(redis)
    await sessions.use(redis, NAME, made, NOW + USE_SECONDS + 1)
    assert await used_scripts(redis) - before <= 2  # the second where the server does not have the script yet
    uses = [one.used for one in await sessions.every(redis, NAME)]
    assert uses == [NOW + USE_SECONDS + 1, NOW + USE_SECONDS + 1, NOW + 2]


async def used_scripts(redis: Any) -> int:
    """Return how often the server was asked to run a script."""
    return int((await redis.info("commandstats")).get("cmdstat_evalsha", {"calls": 0})["calls"])


async def test_a_source_has_a_hundred_codes_and_no_more(redis: Any) -> None:
    """Others have theirs; one that is used, or too old, makes room."""
    codes = [await sessions.issue_code(redis, NAME, BOARD, NOW + number / 1_000) for number in range(MOST_CODES)]
    for _ in range(2):
        with pytest.raises(sessions.TooManyCodesError, match="100 sign-in codes") as raised:
            await sessions.issue_code(redis, NAME, BOARD, NOW + 100)
        assert raised.value.seconds == CODE_SECONDS - 100
    assert await sessions.issue_code(redis, NAME, SignInCode("office", TOKEN), NOW + 100)
    assert await sessions.redeem(redis, NAME, codes[50]) == BOARD
    await sessions.issue_code(redis, NAME, BOARD, NOW + 100)
    with pytest.raises(sessions.TooManyCodesError):
        await sessions.issue_code(redis, NAME, BOARD, NOW + 100)
    for _ in range(MOST_CODES - 1):  # of those before, one alone is still good
        await sessions.issue_code(redis, NAME, BOARD, NOW + CODE_SECONDS + 1)
    assert await redis.hlen(key(NAME, "codes", "open", "board")) == MOST_CODES


async def test_a_clock_that_was_set_back_leaves_no_source_without_codes(redis: Any) -> None:
    """What was made after now is not counted."""
    for _ in range(MOST_CODES):
        await sessions.issue_code(redis, NAME, BOARD, NOW + 86_400)
    await sessions.issue_code(redis, NAME, BOARD, NOW)


async def test_of_codes_that_are_made_at_once_no_more_are_good(redis: Any) -> None:
    """Each sees those of the others."""
    asked = (sessions.issue_code(redis, NAME, BOARD, NOW) for _ in range(MOST_CODES + 20))
    made = await asyncio.gather(*asked, return_exceptions=True)
    assert 1 <= len([one for one in made if isinstance(one, str)]) <= MOST_CODES
