"""Tokens: who one stands for, until when, and what is kept of it."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.keys import key
from services.common import tokens
from services.common.tokens import Terms

NAME = "zhanjiang"
KEY = key(NAME, "tokens")
NOW = datetime(2018, 3, 31, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
TERMS = Terms("张三@oa", NOW, note="报送系统")


async def whose(redis: Any, token: str, now: datetime = NOW) -> str | None:
    return await tokens.source_of(redis, NAME, f"Bearer {token}", now)


async def test_a_token_stands_for_its_source_until_it_is_revoked(redis: Any) -> None:
    """At the very next request it stands for nobody; the source's other tokens stay good."""
    first, second = [await tokens.issue(redis, NAME, "units", TERMS) for _ in range(2)]
    assert [await whose(redis, token) for token in (first, second)] == ["units", "units"]
    await tokens.revoke(redis, NAME, tokens.hash_of(first)[:16], "李四@oa", LATER)
    assert [await whose(redis, token) for token in (first, second)] == [None, "units"]


async def test_who_made_and_who_revoked_it_and_when_is_kept(redis: Any) -> None:
    """A revoked token stays, also where it is revoked once more; the secret is nowhere."""
    token = await tokens.issue(redis, NAME, "units", TERMS)
    id = tokens.hash_of(token)[:16]
    revoked = await tokens.revoke(redis, NAME, id, "李四@oa", LATER)
    assert await tokens.revoke(redis, NAME, id, "王五@oa", LATER + timedelta(days=1)) == revoked
    assert await tokens.every(redis, NAME) == [revoked]
    assert (revoked.terms, revoked.revoked, revoked.revoked_by) == (TERMS, LATER, "李四@oa")
    assert token not in repr(await redis.hgetall(KEY))


async def test_a_token_is_good_before_it_expires_and_not_then(redis: Any) -> None:
    """The instant is exclusive, and by the ledger's clock."""
    token = await tokens.issue(redis, NAME, "units", Terms("张三", NOW, LATER))
    assert await whose(redis, token, LATER - timedelta(microseconds=1)) == "units"
    assert await whose(redis, token, LATER) is None


async def test_tokens_as_they_were_kept_before_are_good_until_they_are_revoked(redis: Any) -> None:
    """The whole hash with a source beside it: listed, registered again without a change, and revoked like any other."""
    hash = hashlib.sha256(b"old").hexdigest()
    await redis.hset(KEY, hash, "units")
    assert await whose(redis, "old") == "units"
    assert await tokens.register(redis, NAME, "units", "old", TERMS, NOW) is None
    assert [(token.id, token.source) for token in await tokens.every(redis, NAME)] == [(hash[:16], "units")]
    await tokens.revoke(redis, NAME, hash[:16], "李四", LATER)
    assert await whose(redis, "old") is None
    assert await redis.hkeys(KEY) == [hash[:16].encode()]
    assert await tokens.register(redis, NAME, "units", "old", TERMS, LATER) == "revoked"


async def test_what_has_the_id_of_a_token_alone_is_none(redis: Any) -> None:
    """The id only finds the record; the whole hash decides."""
    token = await tokens.issue(redis, NAME, "units", TERMS)
    hash = tokens.hash_of(token)
    record = await redis.hget(KEY, hash[:16])
    await redis.hset(KEY, hash[:16], record.replace(hash.encode(), (hash[:16] + "0" * 48).encode()))
    assert await whose(redis, token) is None


async def test_registering_brings_nothing_back(redis: Any) -> None:
    """A token that is revoked, expired or another source's is refused with the reason, and stays as it is."""
    gone = await tokens.issue(redis, NAME, "units", TERMS)
    await tokens.revoke(redis, NAME, tokens.hash_of(gone)[:16], "李四", NOW)
    over = await tokens.issue(redis, NAME, "units", Terms("张三", NOW, NOW))
    others = await tokens.issue(redis, NAME, "office", TERMS)
    before = await redis.hgetall(KEY)
    found = [await tokens.register(redis, NAME, "units", token, TERMS, NOW) for token in (gone, over, others)]
    assert found == ["revoked", "expired", "a token of 'office'"]
    assert await redis.hgetall(KEY) == before


async def test_an_unknown_id_is_told(redis: Any) -> None:
    """Revoking what is not there must not look like success."""
    with pytest.raises(tokens.UnknownTokenError):
        await tokens.revoke(redis, NAME, "0123456789abcdef", "李四", NOW)


async def test_finding_a_token_is_one_round_trip(redis: Any) -> None:
    """It is on the way of each request."""
    token = await tokens.issue(redis, NAME, "units", TERMS)
    before = (await redis.info("stats"))["total_commands_processed"]
    assert await whose(redis, token) == "units"
    assert (await redis.info("stats"))["total_commands_processed"] - before == 2  # with the asking itself
