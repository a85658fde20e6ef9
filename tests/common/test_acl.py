"""The users of the server: what each may do, and that it may do nothing else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.exceptions import AuthenticationError, NoPermissionError, RedisError

from events.entries import Entry, Refusals, Refused, event_hash
from events.keys import key
from events.log import AlreadyRecordedError, Log
from events.operations import COMMANDS, OPS, WRITERS
from events.record import Record
from events.record_trimming import RecordTrimming
from events.recorded_rules import entry_at, read_texts
from events.replicas import UnconfirmedError
from events.schema import LinkMade
from events.seal.storage import DirectoryStorage
from services.cli.checks.outcomes import check_refused
from services.cli.commands.doctor import _configuration
from services.common import sessions, tokens
from services.common.accepted import ClockAccepted, LossAccepted, accept, accepted, pending_loss, publish_loss
from services.common.connection import connect
from services.common.jump import ClockReading
from services.common.ledger_clock import ledger_clock
from services.common.loss import Loss
from services.common.operations import NotRecordedError, record
from services.common.sealed_record import record_settled
from services.common.sessions import INSTALLATION, SignInCode
from services.common.steady import SteadyClock, keep, kept_hold, look
from services.ingest.sealing.record_stream import RecordStream
from tests.events.appending import append
from tests.guarded import LEDGER, Guarded
from tests.ingest.sealed import archive_in, extend, sealing

PUBLISHER = f"{LEDGER}.units"
OWN = key(LEDGER, "inbox", "units")
RECEIPTS = key(LEDGER, "receipts", "units")


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """Return a server with users, and no services."""
    guarded = Guarded(tmp_path_factory.mktemp("guarded"))
    try:
        guarded.start()
        yield guarded
    finally:
        guarded.server.close()


@pytest_asyncio.fixture
async def admin(guarded: Guarded) -> AsyncIterator[Any]:
    """Return the operator's client."""
    async with guarded.client("admin") as client:
        yield client


async def test_a_source_adds_to_its_inbox_and_reads_its_receipts(guarded: Guarded, admin: Any) -> None:
    """With what clients send of themselves, in both protocols, and what it takes to follow a stream."""
    await admin.delete(RECEIPTS)
    await admin.xadd(RECEIPTS, {"e": "{}"}, id="1-0")
    async with guarded.client(PUBLISHER) as client:
        assert await client.ping()
        assert await client.xadd(OWN, {"e": "{}"})
        assert await client.wait(0, 10) == 0
        assert await client.execute_command("WAITAOF", 0, 0, 10)
        assert await client.xlen(OWN) == 1
        assert len(await client.xrange(RECEIPTS)) == len(await client.xrevrange(RECEIPTS)) == 1
        assert await client.xread({RECEIPTS: "0"}, block=10)
        assert (await client.xinfo_stream(RECEIPTS))["length"] == 1
        await client.client_setname("reports")
        assert await client.execute_command("HELLO", "3", "AUTH", PUBLISHER, guarded.secret(PUBLISHER))
    await admin.delete(OWN)


OTHERS = [
    key(LEDGER, "inbox", "office"),
    key(LEDGER, "inbox", "notify"),
    key("elsewhere", "inbox", "units"),
    *(key(LEDGER, name) for name in ("log", "seen", "cursors", "tokens", "refused", "strangers", "inbox:units:x")),
    *(key(LEDGER, name) for name in ("sessions", "sessions:used", "codes:x", "codes:open:units")),
    INSTALLATION,
    key(LEDGER, "status", "changes"),
    "anything",
]


@pytest.mark.parametrize("name", [*OTHERS, RECEIPTS])
async def test_a_source_writes_nowhere_else(guarded: Guarded, name: str) -> None:
    """Not into another's inbox, the log or its own receipts."""
    async with guarded.client(PUBLISHER) as client:
        with pytest.raises(NoPermissionError):
            await client.xadd(name, {"e": "{}"})


@pytest.mark.parametrize("name", [*OTHERS, key(LEDGER, "receipts", "office"), OWN])
async def test_a_source_reads_nothing_else(guarded: Guarded, name: str) -> None:
    """Not even its own inbox: what lies there is decided, not looked up."""
    async with guarded.client(PUBLISHER) as client:
        for command in (["XRANGE", name, "-", "+"], ["XREAD", "STREAMS", name, "0"], ["XINFO", "STREAM", name]):
            with pytest.raises(NoPermissionError):
                await client.execute_command(*command)


@pytest.mark.parametrize(
    "command",
    [
        "CONFIG GET dir",
        "FLUSHALL",
        "EVAL return 0",
        "SCRIPT LOAD x",
        "FUNCTION LIST",
        "KEYS *",
        "SCAN 0",
        "DBSIZE",
        "INFO",
        "MONITOR",
        "SUBSCRIBE x",
        "PUBLISH x y",
        "CLIENT LIST",
        "CLIENT KILL ID 1",
        "ACL WHOAMI",
        "ACL LIST",
        "SHUTDOWN",
        "REPLICAOF NO ONE",
        "MULTI",
        f"DEL {OWN}",
        f"XTRIM {OWN} MAXLEN 0",
        f"XDEL {OWN} 1-0",
        f"XDEL {RECEIPTS} 1-0",
        f"XGROUP CREATE {RECEIPTS} g 0",
        f"HGETALL {key(LEDGER, 'tokens')}",
        f"GET {OWN}",
        f"TYPE {OWN}",
        f"COPY {RECEIPTS} {OWN}",
    ],
)
async def test_a_source_has_no_other_command(guarded: Guarded, command: str) -> None:
    """Neither such as would hold up the server nor such as tell of others."""
    async with guarded.client(PUBLISHER) as client:
        with pytest.raises(NoPermissionError):
            await client.execute_command(*command.split())


async def test_what_scripts_and_transactions_wrote_is_there_after_a_restart(guarded: Guarded) -> None:
    """The server replays its file as the user `default`, which is off: it must not be without permissions."""
    name = key(LEDGER, "log")
    async with guarded.client("admin") as admin:
        await append(Log(admin, LEDGER), 0, [Entry("units", "1", "0", b"x"), Entry("units", "2", "0", b"y")])
        async with admin.pipeline(transaction=True) as pipe:
            await pipe.set("a", 1).set("b", 2).execute()
    await asyncio.to_thread(guarded.server.kill)
    await asyncio.to_thread(guarded.server.start)
    async with guarded.client("admin") as admin:
        assert (await admin.xlen(name), await admin.mget("a", "b")) == (2, [b"1", b"2"])
        await admin.delete(name, key(LEDGER, "seen"), "a", "b")


async def test_a_batch_with_a_known_event_leaves_nothing_behind(guarded: Guarded, admin: Any) -> None:
    """The script takes its new ids back, for which ingest needs the permission: they would be duplicates for ever."""
    async with guarded.client("ingest") as client:
        log = Log(client, LEDGER)
        await append(log, 0, [Entry("units", "1", "0", b"x")])
        both = [Entry("units", "2", "0", b"y"), Entry("units", "1", "0", b"x")]
        with pytest.raises(AlreadyRecordedError):
            await log.append(log.pack(1, both, event_hash=event_hash(b"x"), only_new=True))
    assert await admin.hlen(key(LEDGER, "seen")) == 1
    await admin.delete(key(LEDGER, "log"), key(LEDGER, "seen"), key(LEDGER, "clock", "kind"))


async def test_services_see_what_was_accepted_and_only_the_operator_accepts(guarded: Guarded, admin: Any) -> None:
    """Ingest has it known what waits for that; each service reads its clock's and takes up an acceptance."""
    loss = Loss(1, 2, 2, 2, None, None, "x")
    reading = ClockReading(datetime(2126, 1, 1, tzinfo=UTC), 0.0, "boot")
    await accept(admin, LEDGER, ClockAccepted("li", reading.instant, reading, reading.instant))
    for user in ("ingest", "status", "notify"):
        async with guarded.client(user) as client:
            assert len(await accepted(client, LEDGER)) == 1
            await look(client, LEDGER, await ledger_clock(client, LEDGER, None))
            with pytest.raises(NoPermissionError):
                await accept(client, LEDGER, LossAccepted("x", reading.instant, loss))
    async with guarded.client("ingest") as client:
        assert await Log(client, LEDGER).server()
        clock = await ledger_clock(client, LEDGER, None, records=True)
        await keep(client, LEDGER, clock)
        for one in (loss, None):
            await publish_loss(client, LEDGER, one)
            assert await pending_loss(client, LEDGER) == one
        assert isinstance(clock, SteadyClock)
        clock.good = reading
        await keep(client, LEDGER, clock)
    assert await kept_hold(admin, LEDGER) is not None
    await admin.delete(*[key(LEDGER, *parts) for parts in (("accepted",), ("clock", "good"), ("clock", "held"))])


async def test_the_doctor_sees_that_the_next_start_would_lose_what_scripts_wrote(guarded: Guarded, admin: Any) -> None:
    """A user `default` without permissions is the usual advice; it is wrong here."""
    assert await _configuration(admin) == []
    await admin.execute_command("ACL SETUSER default -@all")
    assert ["user default lacks permissions" in one for one in await _configuration(admin)] == [True]
    await admin.execute_command("ACL SETUSER default +@all")


async def test_who_does_not_say_who_it_is_gets_nothing(guarded: Guarded) -> None:
    """Without a user, with a wrong password, and as a source that may not submit; the health check can only ask."""
    with pytest.raises(AuthenticationError):
        async with connect(f"redis://{guarded.address}/0") as client:
            await client.ping()
    for user, secret in (
        (PUBLISHER, "wrong"),
        ("admin", "wrong"),
        (f"{LEDGER}.audit", None),
        (f"{LEDGER}.board", None),
    ):
        with pytest.raises(AuthenticationError) as raised:
            async with guarded.client(user, secret) as client:
                await client.ping()
        assert guarded.secret(user) not in str(raised.value)
    async with guarded.client("health", "any") as client:
        assert await client.ping()
        with pytest.raises(NoPermissionError):
            await client.get("anything")


async def test_the_same_source_of_another_ledger_is_another_user(guarded: Guarded) -> None:
    """Users are named by ledger and source."""
    async with guarded.client("elsewhere.units") as client:
        assert await client.xadd(key("elsewhere", "inbox", "units"), {"e": "{}"})
        with pytest.raises(NoPermissionError):
            await client.xadd(OWN, {"e": "{}"})
    with pytest.raises(AuthenticationError):
        async with guarded.client(PUBLISHER, guarded.secret("elsewhere.units")) as client:
            await client.ping()


FORBIDDEN = {
    "ingest": [
        f"HSET {key(LEDGER, 'tokens')} a b",
        f"HSET {key(LEDGER, 'status', 'checkpoint')} position 1",
        f"SET {key(LEDGER, 'codes', 'x')} y",
        f"SET {INSTALLATION} y",
        f"HSET {key(LEDGER, 'sessions')} a b",
        "CONFIG GET dir",
    ],
    "status": [
        f"XADD {key(LEDGER, 'log')} 1-0 e x",
        f"XADD {key(LEDGER, 'inbox', 'notify')} * e x",
        f"XADD {key(LEDGER, 'rules')} 9-0 e x",
        f"HSET {key(LEDGER, 'tokens')} a b",
        "KEYS *",
    ],
    "notify": [
        f"XADD {key(LEDGER, 'log')} 1-0 e x",
        f"XADD {key(LEDGER, 'receipts', 'notify')} * e x",
        f"XRANGE {key(LEDGER, 'inbox', 'notify')} - +",
        f"XADD {OWN} * e x",
        f"HSET {key(LEDGER, 'tokens')} a b",
        f"SET {key(LEDGER, 'codes', 'x')} y",
        f"SET {INSTALLATION} y",
        f"HSET {key(LEDGER, 'sessions')} a b",
    ],
    "audit": [f"HSET {key(LEDGER, 'seen')} a b", f"DEL {key(LEDGER, 'log')}", f"SET {key(LEDGER, 'x')} y", "KEYS *"],
    "admin": ["FLUSHALL", "FLUSHDB", "SWAPDB 0 1"],
}


async def test_ingest_reads_what_it_seals(guarded: Guarded, admin: Any) -> None:
    """The record, and what the origins of its logs begin with, which it may not make."""
    await sessions.installation(admin)
    async with guarded.client("ingest") as client:
        assert await sessions.installation(client)
        await client.xrange(key(LEDGER, "record"))
        with pytest.raises(NoPermissionError):
            await client.xadd(key(LEDGER, "record"), {"e": "{}"})


async def test_ingest_trims_the_record_and_adds_nothing_to_it(guarded: Guarded, admin: Any, tmp_path: Path) -> None:
    """It can take entries from it, in its script alone with the mark; notify reads on by that mark."""
    stream, mark, reached = (
        key(LEDGER, *parts) for parts in (("record",), ("record", "trimmed"), ("notify", "reached"))
    )
    await extend(admin, [b"%d" % number for number in range(600)], stream=stream)
    await admin.set(reached, 600)
    await admin.sadd(pending := key(LEDGER, "notify", "pending"), "a")
    await admin.hset(known := key(LEDGER, "notify", "known"), "a", 590)
    async with guarded.client("ingest") as client:
        async with sealing(tmp_path, RecordStream(client, Log(client, LEDGER), "record")) as sealer:
            await sealer.seal()
        assert (until := await record_settled(client, LEDGER)) == 589
        trimming = RecordTrimming(client, Record(client, LEDGER), DirectoryStorage(archive_in(tmp_path)))
        assert (await trimming.trim(80, until)).last == 512
        for command in (("XADD", stream, "601-0", "e", "x"), ("DEL", stream), ("SET", reached, "1")):
            with pytest.raises(NoPermissionError):
                await client.execute_command(*command)
    async with guarded.client("notify") as client:
        record = Record(client, LEDGER, lambda _: DirectoryStorage(archive_in(tmp_path)).read)
        assert [len(await record.read(0)), len(await record.read_at([1, 600])), len(await record.read_back())] == [
            500,
            2,
            88,
        ]
        with pytest.raises(NoPermissionError):
            await client.set(mark, 1)
    await admin.delete(stream, mark, reached, pending, known, key(LEDGER, "ingest", "signers"))


async def test_status_reads_the_rules_on_record(guarded: Guarded) -> None:
    """The lights of a past day follow from them."""
    async with guarded.client("status") as client:
        assert await entry_at(client, LEDGER, 1) is None
        assert await read_texts(client, LEDGER, ["none"]) == [None]


@pytest.mark.parametrize("user", FORBIDDEN)
async def test_a_service_may_do_no_more_than_it_does(guarded: Guarded, user: str) -> None:
    """Nobody but ingest writes the log, and nobody empties the server."""
    async with guarded.client(user) as client:
        for command in FORBIDDEN[user]:
            with pytest.raises(NoPermissionError):
                await client.execute_command(*command.split())


async def test_notify_submits_to_an_inbox_of_its_own(guarded: Guarded, admin: Any) -> None:
    """It adds what people acknowledge, and reads the receipts."""
    inbox, receipts_of_notify = key(LEDGER, "inbox", "notify"), key(LEDGER, "receipts", "notify")
    await admin.xadd(receipts_of_notify, {"e": "{}"}, id="1-0")
    async with guarded.client("notify") as client:
        assert await client.xadd(inbox, {"e": "{}"})
        assert len(await client.xrevrange(receipts_of_notify, count=1)) == 1
        assert await client.xread({receipts_of_notify: "0"}, block=10)
    await admin.delete(inbox, receipts_of_notify)


@pytest.mark.parametrize("user", ["ingest", "status", "notify"])
async def test_a_service_knows_whose_a_token_is(guarded: Guarded, user: str) -> None:
    """Each counts what a source has open by its token, wherever it comes from."""
    async with guarded.client("admin") as admin:
        token = await tokens.issue(admin, LEDGER, "board")
    async with guarded.client(user) as client:
        now = datetime(2018, 4, 1, tzinfo=UTC)
        assert await tokens.source_of(client, LEDGER, f"Bearer {token}", now) == "board"


async def test_status_signs_people_in_and_every_service_knows_them(guarded: Guarded) -> None:
    """Status makes and redeems codes, starts sessions and ends them; the others find them and record their use."""
    async with guarded.client("status") as client:
        own = await sessions.installation(client)
        code = await sessions.issue_code(client, LEDGER, SignInCode("board", "0" * 64), 0.0)
        signed = await sessions.redeem(client, LEDGER, code)
        assert signed is not None
        _, over = await sessions.start(client, LEDGER, signed, 0.0)
        secret, session = await sessions.start(client, LEDGER, signed, 1_000_000.0)
        assert [one.id for one in await sessions.every(client, LEDGER)] == [session.id] != [over.id]
    for minute, user in enumerate(("ingest", "status", "notify"), 1):
        async with guarded.client(user) as client:
            found = await sessions.find(client, LEDGER, [(own, secret)])
            assert [one.id for one in found] == [session.id]
            await sessions.use(client, LEDGER, found, 1_000_000.0 + 60 * minute)
            (used,) = await sessions.read(client, LEDGER, [session.id])
            assert used is not None
            assert used.used == 1_000_000.0 + 60 * minute
    async with guarded.client("status") as client:
        await sessions.end(client, LEDGER, session.id)


@pytest.mark.parametrize("user", ["ingest", "status", "audit", "admin"])
async def test_a_part_of_duban_submits_what_operators_do(guarded: Guarded, user: str) -> None:
    """Each to an inbox that is its own: nobody can say that another has done something."""
    own = {"admin": COMMANDS}.get(user, user)
    async with guarded.client(user) as client:
        await record(client, own, LEDGER, LinkMade("board", "0" * 16))
        for other in set(WRITERS) - {own}:
            if user in {"status", "audit"}:
                with pytest.raises(NotRecordedError, match="permission"):
                    await record(client, other, LEDGER, LinkMade("board", "0" * 16))
    async with guarded.client("ingest") as client:
        assert await client.xlen(key(OPS, "inbox", own)) >= 1
        await client.xtrim(key(OPS, "inbox", own), maxlen=0)
    for stranger in ("notify", PUBLISHER):
        async with guarded.client(stranger) as client:
            with pytest.raises(NotRecordedError):
                await record(client, own, LEDGER, LinkMade("board", "0" * 16))
    async with guarded.client("audit") as client:
        with pytest.raises(NoPermissionError):
            await client.xadd(key(LEDGER, "seen"), {"e": "{}"})


async def test_ingest_may_ask_what_replicas_have(guarded: Guarded) -> None:
    """Also for an answer that writes nothing, before which it writes a word of its own; here no replica has it."""
    async with guarded.client("ingest") as client:
        log = Log(client, LEDGER, replicas=1)
        for ask in (append(log, 0, [Entry("units", "1", "0", b"x")]), log.confirm(1)):
            with pytest.raises(UnconfirmedError, match="0 of 1 replicas"):
                await ask


async def test_ingest_may_keep_what_it_refuses(guarded: Guarded) -> None:
    """The entry, the bytes, and the sum of them; nobody else may write any of it."""
    async with guarded.client("ingest") as client:
        log = Log(client, LEDGER)
        fields = ["e", '{"source":null,"id":null,"outcome":"refused"}', "by", "units"]
        refusals = Refusals([Refused(fields, "units", b"x" * 100) for _ in range(3)], 400)
        await log.append(log.pack(await log.tail(), [], refusals=refusals))
    async with guarded.client("audit") as client:
        assert await client.xlen(key(LEDGER, "refused")) == 3
        assert await check_refused(client, LEDGER) == []
        assert await client.xlen(key(LEDGER, "refused", "bodies", "units")) == 1
        assert await client.hgetall(key(LEDGER, "refused", "sizes")) == {b"units": b"228"}
    for user in ("status", "notify", PUBLISHER):
        async with guarded.client(user) as client:
            with pytest.raises(NoPermissionError):
                await client.xadd(key(LEDGER, "refused", "bodies", "units"), {"raw": "x"})


async def test_an_auditor_cannot_write_by_a_script_either(guarded: Guarded) -> None:
    """It may run scripts, as looking submissions up takes one; its permissions hold for their commands, too."""
    async with guarded.client("audit") as client:
        seen = key(LEDGER, "seen")
        before = await client.hgetall(seen)
        assert await client.register_script("return redis.call('HLEN', KEYS[1])")(keys=[seen]) == len(before)
        with pytest.raises(RedisError, match="permission"):
            await client.register_script("return redis.call('HSET', KEYS[1], 'a', 'b')")(keys=[seen])
        assert await client.hgetall(seen) == before


async def test_a_revoked_token_is_no_password_once_that_is_applied(guarded: Guarded) -> None:
    """Several tokens are several passwords; with one gone, who came in with any of them has to come again."""
    first = guarded.duban("token", "make", "units").strip()
    second = guarded.duban("token", "make", "units").strip()
    with pytest.raises(AuthenticationError):
        async with guarded.client(PUBLISHER, first) as client:
            await client.ping()
    guarded.apply()
    open_ = guarded.client(PUBLISHER, first)
    connection = await open_.connection_pool.get_connection()
    guarded.duban("token", "revoke", "-", stdin=first)
    assert f"connections ended of {PUBLISHER}" in guarded.apply()
    with pytest.raises((RedisError, OSError), match=r"closed|reset"):
        await connection.read_response()
    await connection.disconnect()
    await open_.aclose()
    with pytest.raises(AuthenticationError):
        async with guarded.client(PUBLISHER, first) as client:
            await client.ping()
    for secret in (second, guarded.secret(PUBLISHER)):
        async with guarded.client(PUBLISHER, secret) as client:
            assert await client.ping()
    assert "connections ended" not in guarded.apply()


async def test_a_source_without_a_good_token_is_off(guarded: Guarded, admin: Any) -> None:
    """No token is no password, never any password."""
    guarded.duban("token", "revoke", "-", "--ledger", "elsewhere", stdin=guarded.secret("elsewhere.units"))
    lines = guarded.duban("token", "--acl").splitlines()
    (line,) = [line for line in lines if line.startswith("user elsewhere.units ")]
    assert line.startswith("user elsewhere.units off ")
    assert "nopass" not in line
    guarded.apply()  # which also puts a new token into the file
    assert b"on" in (await admin.execute_command("ACL GETUSER elsewhere.units"))[1]


async def test_the_file_has_no_secret_and_is_private(guarded: Guarded) -> None:
    """Only hashes stand in it; with --out it is its owner's alone."""
    file = guarded.data / "written.acl"
    guarded.duban("token", "--acl", "--out", str(file))
    text = file.read_text(encoding="utf-8")
    assert text == guarded.duban("token", "--acl")
    assert file.stat().st_mode & 0o777 == 0o600
    for user in ("admin", "ingest", "status", "notify", "audit", PUBLISHER, f"{LEDGER}.office", "elsewhere.units"):
        assert f"user {user} on #" in text
        assert guarded.secret(user) not in text
