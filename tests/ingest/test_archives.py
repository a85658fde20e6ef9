"""The archives of a running ingest: what they hold, who may read them, and what is said when sealing fails."""

import gzip
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from events.keys import key
from events.log import Log
from events.recorded_rules import read_rules, rules_decoder
from events.rules_text import sha256_of
from events.seal.checkpoint import parse_checkpoint
from events.seal.notes import parse_note
from events.seal.tiles import entries_in
from services.common.accepted import LossAccepted, accept, pending_loss
from services.common.clock import sleep
from services.common.sessions import installation
from services.common.settings import Settings, SettingsError, shipped
from services.ingest.app import build
from tests.examples import assigned, reported
from tests.ingest.ingest_client import IngestClient, opened, problem
from tests.ingest.running_writer import NAME, START

LOG = f"/v1/{NAME}/log"

RECORD = f"/v1/{NAME}/record"
RULES = f"/v1/{NAME}/rules"

SEAL = f"/v1/{NAME}/seal"

ALERT = b'{"kind":"alert"}'


def sealing(redis: Any, url: str, folder: Path, more: str = "") -> AbstractAsyncContextManager[IngestClient]:
    """Run ingest with an archive in a folder, next to its keys."""
    (folder / "ledgers").mkdir(exist_ok=True)
    return opened(redis, url, folder / "ledgers", more, archive=str(folder / "archive"), seal_seconds=3_600)


async def seal(client: IngestClient, source: str = "audit") -> Any:
    return await client.http.post(SEAL, headers=bearer(client, source))


async def read(client: IngestClient, path: str, source: str | None = "audit", **headers: str) -> Any:
    return await client.http.get(path, headers=(bearer(client, source) if source is not None else {}) | headers)


def bearer(client: IngestClient, source: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {client.tokens[source]}"}


async def submit(client: IngestClient, numbers: Sequence[int]) -> None:
    for number in numbers:
        event = reported(number=number) if number > 1 else assigned()
        assert (await client.post(event, source="units" if number > 1 else "office")).status_code == 201


async def test_events_and_alerts_are_sealed(redis: Any, server_url: str, tmp_path: Path) -> None:
    """The origins have the installation and the ledger; what is sealed is what is stored; metrics say how far."""
    await redis.xadd(key(NAME, "record"), {"e": ALERT}, id="1-0")
    async with sealing(redis, server_url, tmp_path) as client:
        await submit(client, range(1, 4))
        answer = await seal(client)
        assert (answer.status_code, answer.json()) == (200, {"log": 3, "record": 1, "rules": 1})
        origin = f"{await installation(redis)}.duban.invalid/{NAME}"
        for path, name, size in ((LOG, origin, 3), (RECORD, f"{origin}/record", 1)):
            checkpoint = parse_checkpoint(parse_note((await read(client, f"{path}/checkpoint")).content).text)
            assert (checkpoint.origin, checkpoint.size) == (name, size)
        bundle = await read(client, f"{LOG}/tile/entries/000.p/3")
        assert entries_in(bundle.content) == [raw for _, raw in await Log(redis, NAME).read(0)]
        assert entries_in((await read(client, f"{RECORD}/tile/entries/000.p/1")).content) == [ALERT]
        (rules,) = entries_in((await read(client, f"{RULES}/tile/entries/000.p/1")).content)
        (entry,) = await read_rules(redis, NAME)
        assert rules_decoder.decode(rules) == entry
        text = await read(client, f"{RULES}/{entry.sha256}")
        assert (text.status_code, sha256_of(text.content)) == (200, entry.sha256)
        assert text.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert (await read(client, f"{RULES}/{'0' * 64}")).status_code == 404
        assert (await read(client, f"{LOG}/{entry.sha256}")).status_code == 404
        found = (await client.http.get("/metrics", headers=bearer(client, "audit"))).text
        assert f'duban_sealed_position{{ledger="{NAME}",service="ingest",stream="log"}} 3.0' in found
        assert f'duban_seal_lag{{ledger="{NAME}",service="ingest",stream="record"}} 0.0' in found
        await client.wait_until_ready()
        await submit(client, range(4, 6))
    checkpoint = parse_checkpoint(parse_note((tmp_path / "archive" / NAME / "log/checkpoint").read_bytes()).text)
    assert checkpoint.size == 5  # sealed at the end


async def test_files_are_cached_as_they_change(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Tiles and bundles never do; what needs a token is cached privately; bundles are compressed; HEAD has no body."""
    async with sealing(redis, server_url, tmp_path) as client:
        await submit(client, range(1, 4))
        await seal(client)
        plain = await read(client, f"{LOG}/tile/entries/000.p/3", **{"Accept-Encoding": "identity"})
        packed = await read(client, f"{LOG}/tile/entries/000.p/3", **{"Accept-Encoding": "gzip"})
        assert packed.content == plain.content
        assert (plain.headers.get("content-encoding"), packed.headers["content-encoding"]) == (None, "gzip")
        assert packed.headers["vary"] == "Accept-Encoding"
        assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, 1, mtime=0))
        for path, cache in (
            ("checkpoint", "private, no-cache"),
            ("tile/0/000.p/3", "private, max-age=31536000, immutable"),
            ("tile/entries/000.p/3", "private, max-age=31536000, immutable"),
        ):
            answer = await read(client, f"{LOG}/{path}")
            head = await client.http.head(f"{LOG}/{path}", headers=bearer(client, "audit"))
            assert (answer.status_code, answer.headers["cache-control"]) == (200, cache)
            assert (head.status_code, head.content, head.headers["cache-control"]) == (200, b"", cache)


@pytest.mark.parametrize(
    "name",
    [
        "tile/0/001",
        "tile/0/000",
        "tile/0/000.p/256",
        "tile/0/x000/000",
        "tile/0/0",
        "tile/00/000",
        "tile/entries",
        ".writing/lock",
        "%2e%2e/record/checkpoint",
        "tile/%2e%2e/checkpoint",
        "..%2f..%2fkeys",
        "Checkpoint",
        "tile/0/000.p/03",
        "tile/٠/000",
    ],
)
async def test_nothing_else_is_a_file_of_it(redis: Any, server_url: str, tmp_path: Path, name: str) -> None:
    """Only names that the specification has, each in its one spelling."""
    async with sealing(redis, server_url, tmp_path) as client:
        await submit(client, range(1, 4))
        await seal(client)
        answer = await read(client, f"{LOG}/{name}")
        assert problem(answer)["status"] == 404


async def test_who_may_read_and_seal(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Any source of the ledger reads; the office and the auditor have it sealed."""
    async with sealing(redis, server_url, tmp_path) as client:
        for source, status in (("audit", 200), ("office", 200), ("units", 403), ("board", 403), ("gone", 401)):
            assert (await seal(client, source)).status_code == status
        readers: tuple[tuple[str | None, int], ...]
        readers = ("audit", 200), ("board", 200), ("units", 200), ("gone", 401), (None, 401)
        for path in (LOG, RECORD):
            for reader, status in readers:
                assert (await read(client, f"{path}/checkpoint", reader)).status_code == status
        assert (await client.http.post(SEAL)).status_code == 401


@pytest.mark.parametrize(
    ("more", "is_open"), [("\n[archive]\npublic = true\n", True), ("\n[reading]\npublic = true\n", False)]
)
async def test_an_archive_is_opened_by_its_own_switch(
    redis: Any, server_url: str, tmp_path: Path, more: str, *, is_open: bool
) -> None:
    """The log's alone: the record has people's addresses. Opening what is read of tasks opens no archive."""
    async with sealing(redis, server_url, tmp_path, more) as client:
        await seal(client)
        answer = await read(client, f"{LOG}/checkpoint", None)
        assert answer.status_code == (200 if is_open else 401)
        if is_open:
            assert answer.headers["cache-control"] == "public, no-cache"
        assert (await read(client, f"{RECORD}/checkpoint", None)).status_code == 401


async def test_a_domain_names_the_log(redis: Any, server_url: str, tmp_path: Path) -> None:
    """The office's own, from the first key on; a domain that is set later changes no log."""
    for domain in ("audit.example.cn", "other.example.cn"):
        async with sealing(redis, server_url, tmp_path, f'\n[archive]\ndomain = "{domain}"\n') as client:
            await seal(client)
            text = (await read(client, f"{LOG}/checkpoint")).text
            assert text.startswith(f"audit.example.cn/{NAME}\n0\n")


async def test_without_a_directory_nothing_is_sealed(client: IngestClient) -> None:
    """The answer has the setting."""
    for answer in (await read(client, f"{LOG}/checkpoint"), await seal(client)):
        assert "DUBAN_ARCHIVE" in problem(answer)["detail"]


async def test_a_log_that_was_rolled_back_needs_an_operator(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Readiness names the positions; once the loss is accepted, what is left is sealed in the next era."""
    async with sealing(redis, server_url, tmp_path) as client:
        await submit(client, range(1, 6))
        await seal(client)
    raws = [raw for _, raw in await Log(redis, NAME).read(0, 3)]
    await redis.delete(key(NAME, "log"))
    for number, raw in enumerate(raws, 1):
        await redis.xadd(key(NAME, "log"), {"e": raw}, id=f"{number}-0")
    for found in [name async for name in redis.scan_iter(match="*ingest*")]:
        await redis.delete(found)
    async with sealing(redis, server_url, tmp_path) as client:
        found = await client.wait_for_readiness(503, "positions 4 to 5")
        assert found["needs"] == "operator"
        answer = await seal(client)
        assert "positions 4 to 5 are sealed, but missing" in problem(answer)["detail"]
        assert (await client.post(reported(number=9), source="units")).status_code == 503
        while (loss := await pending_loss(redis, NAME)) is None:
            await sleep(0.05)
        await accept(redis, NAME, LossAccepted("test", START, loss))
        await client.wait_until_ready()
        assert (await seal(client)).json()["log"] == len(raws)
        origin = f"{await installation(redis)}.duban.invalid/{NAME}/2"
        assert (await read(client, f"/v1/{NAME}/2/log/checkpoint")).text.splitlines()[:2] == [origin, "3"]


async def test_a_disk_that_fails_is_a_warning(
    redis: Any, server_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events are acknowledged all the same; when the disk works again, the warning goes."""
    async with sealing(redis, server_url, tmp_path) as client:
        with monkeypatch.context() as patch:
            patch.setattr("events.seal.durable.write", _fail)
            await submit(client, range(1, 3))
            assert "I/O error" in problem(await seal(client))["detail"]
            await client.wait_for_readiness(200, f"the log of {NAME} is not sealed now: [Errno 5] I/O error")
        assert (await seal(client)).json()["log"] == 2
        await client.wait_until_ready()


def _fail(*_: object, **__: object) -> None:
    raise OSError(5, "I/O error")


@pytest.mark.parametrize("foreign", ["archive", "keys"])
def test_a_directory_with_other_files_is_refused(tmp_path: Path, foreign: str) -> None:
    """Nothing is written into it."""
    (tmp_path / foreign).mkdir()
    (tmp_path / foreign / "budget.xlsx").touch()
    with pytest.raises(SettingsError, match=rf"DUBAN_{foreign.upper()}: .*budget\.xlsx"):
        build(Settings(ledgers=shipped(f"{NAME}.toml").parent, archive=str(tmp_path / "archive")))
    assert [path.name for path in (tmp_path / foreign).iterdir()] == ["budget.xlsx"]


@pytest.mark.parametrize(("archive", "keys"), [("a", "a/keys"), ("a/archive", "a"), ("a", "a")])
def test_keys_lie_outside_of_the_archive(tmp_path: Path, archive: str, keys: str) -> None:
    """An archive may be copied to a web server as it is."""
    ledgers = shipped(f"{NAME}.toml").parent
    with pytest.raises(SettingsError, match="lie in one another"):
        build(Settings(ledgers=ledgers, archive=str(tmp_path / archive), keys=tmp_path / keys))
