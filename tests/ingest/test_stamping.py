"""Checkpoints are stamped once a day by an authority, and the stamp shows since when the entries are what they are."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from events.seal.bucket import BucketUrl
from events.seal.errors import PolicyError
from events.seal.policy import LogPolicy
from events.seal.roots import ArchiveRoot, storage_of
from events.seal.signers import KeyFile
from events.seal.storage import CHECKPOINT, DirectoryStorage
from events.seal.timestamps import QUERY_TYPE, STAMPED, keep_stamp, load_authorities, stamp_files, stamp_request
from services.cli.archived.stamps import StampFound, stamp_of
from services.cli.checks.finding import Finding
from services.cli.fsck.files import files_at
from services.cli.mirroring.copying import ArchiveCopy
from services.common.clock import real_time
from services.ingest.sealing import pauses, stamping
from services.ingest.sealing.publishing import FRESH_SECONDS
from services.ingest.sealing.sealer import Sealer
from services.ingest.sealing.stamping import Authority, NoAuthorityError, StampError
from tests.cli.terminal import run
from tests.events.seal.logs import ORIGIN, Sealed, entries
from tests.ingest.authority import authority, make_authority
from tests.ingest.ingest_client import opened
from tests.ingest.sealed import MemoryStream, archive_in, place, sealed, sealing
from tests.ingest.test_archives import LOG as LOG_PATH
from tests.ingest.test_archives import bearer, read, seal, submit

LOG = entries(300)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(stamping, "LOOK_SECONDS", 0.0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the certificate of the authority's root."""
    return make_authority(tmp_path_factory.mktemp("tsa") / "own")


@asynccontextmanager
async def stamped(
    folder: Path, stream: MemoryStream, root: Path, archive: ArchiveRoot | None = None
) -> AsyncIterator[Sealer]:
    """Return a sealer whose checkpoints are stamped."""
    with authority(root.parent) as url:
        async with (
            httpx.AsyncClient() as http,
            sealing(folder, stream, authority=Authority(http, url), archive=archive) as sealer,
        ):
            yield sealer


async def turn(sealer: Sealer) -> None:
    """Do what is due."""
    await sealer.turn()
    await sealer.stamp_if_due()


def found(folder: Path, root: Path, archive: ArchiveRoot | None = None) -> StampFound | Finding:
    """Verify the stamp as an auditor does."""
    files = files_at(archive or archive_in(folder))
    policy = LogPolicy(KeyFile.load(place(folder).key).keys, {}, {}, "none")
    checkpoint = policy.check(files.read(CHECKPOINT) or b"").checkpoint
    return stamp_of(files, policy, checkpoint, load_authorities(root.read_bytes()))


async def test_a_checkpoint_a_day_is_stamped(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first at once; later entries are not stamped before a day has passed, or on demand."""
    async with stamped(tmp_path, stream := MemoryStream(LOG[:10]), root) as sealer:
        await turn(sealer)
        first = found(tmp_path, root)
        assert isinstance(first, StampFound)
        assert first.size == 10
        assert abs((first.time - datetime.now(UTC)).total_seconds()) < 60
        stream.entries = LOG[:20]
        await turn(sealer)
        assert (sealed(tmp_path, LOG), found(tmp_path, root)) == (20, first)
        assert (await sealer.stamp()).size == 20 == (await sealer.stamp()).size
        stream.entries = LOG
        await turn(sealer)
        day = FRESH_SECONDS
        monkeypatch.setattr(stamping, "real_time", lambda: real_time() + day)
        await turn(sealer)
        last = found(tmp_path, root)
        assert isinstance(last, StampFound)
        assert last.size == len(LOG)
    archive = archive_in(tmp_path)
    kept = sorted(path.name for path in (archive / "stamped").iterdir())
    assert (len(kept), sum(name.endswith(".tsr") for name in kept)) == (7, 3)
    assert stamp_files((archive / STAMPED).read_bytes()).stamp.removeprefix("stamped/") in kept


async def test_an_authority_that_is_away_delays_nothing_else(tmp_path: Path, root: Path) -> None:
    """Checkpoints are published; a warning says why there is no stamp, until there is one."""
    away = root.parent / "away"
    async with stamped(tmp_path, MemoryStream(LOG), root) as sealer:
        away.touch()
        try:
            await turn(sealer)
            assert sealed(tmp_path, LOG) == len(LOG)
            (warning,) = sealer.warnings
            assert "has no new time stamp: the authority http" in warning
            assert "answers 503" in warning
            with pytest.raises(StampError, match="answers 503"):
                await sealer.stamp()
        finally:
            away.unlink()
        await turn(sealer)
        assert (sealer.warnings, isinstance(found(tmp_path, root), StampFound)) == ([], True)


async def test_stamps_lie_in_a_bucket_as_in_a_directory(bucket: BucketUrl, tmp_path: Path, root: Path) -> None:
    """Also the next, which takes the place of the first; one that was half kept before a crash is kept whole."""
    async with stamped(tmp_path, stream := MemoryStream(LOG[:10]), root, bucket / "log") as sealer:
        await turn(sealer)
        stream.entries = LOG
        await sealer.seal()
        data = sealer.files.published_data()
        assert data is not None
        storage_of(bucket / "log").create({stamp_files(data).checkpoint: data})
        assert (await sealer.stamp()).size == len(LOG)
    last = found(tmp_path, root, bucket / "log")
    assert isinstance(last, StampFound)
    assert last.size == len(LOG)


async def test_a_mirror_has_the_stamp(tmp_path: Path, root: Path) -> None:
    """Also one that comes later than its checkpoint, and none of another history; an older one replaces nothing."""
    storage = DirectoryStorage(tmp_path / "copy")

    def mirrored() -> StampFound | Finding:
        policy = LogPolicy(KeyFile.load(place(tmp_path).key).keys, {}, {}, "none")
        files = files_at(archive_in(tmp_path))
        ArchiveCopy(files, storage, policy, lambda _: {}).update(ORIGIN, lambda *_: None)
        return found(tmp_path, root, tmp_path / "copy")

    async with stamped(tmp_path, stream := MemoryStream(LOG[:10]), root) as sealer:
        await sealer.turn()
        assert isinstance(mirrored(), Finding)
        await sealer.stamp()
        first = mirrored()
        assert (first, isinstance(first, StampFound)) == (found(tmp_path, root), True)
        old = (archive_in(tmp_path) / STAMPED).read_bytes()
        stream.entries = LOG
        await sealer.seal()
        assert mirrored() == first
        await sealer.stamp()
        last = mirrored()
        assert (last, last != first) == (found(tmp_path, root), True)
    (archive_in(tmp_path) / STAMPED).write_bytes(old)
    assert mirrored() == last
    fork = Sealed(tmp_path / "fork")
    fork.signer = KeyFile.load(place(tmp_path).key)
    forged = fork.grow(entries(300, 1))
    stamp = stamp_request(forged)
    async with httpx.AsyncClient() as http:
        with authority(root.parent) as url:
            answer = await http.post(url, content=stamp.as_bytes(), headers={"Content-Type": QUERY_TYPE})
    keep_stamp(DirectoryStorage(archive_in(tmp_path)), forged, answer.content)
    with pytest.raises(PolicyError, match="a time stamp of another history"):
        mirrored()


async def test_without_an_authority_nothing_is_stamped(tmp_path: Path, root: Path) -> None:
    """The setting is named, and so is what the archive lacks."""
    async with sealing(tmp_path, MemoryStream(LOG)) as sealer:
        await sealer.turn()
        with pytest.raises(NoAuthorityError, match="DUBAN_TSA is not set"):
            await sealer.stamp()
    assert "has no time stamp" in str(found(tmp_path, root))


async def test_stamps_that_prove_nothing(tmp_path: Path, root: Path) -> None:
    """Of another root, of other bytes, of another history, and no stamp at all."""
    async with stamped(tmp_path, MemoryStream(LOG), root) as sealer:
        await turn(sealer)
    archive = archive_in(tmp_path)
    other = make_authority(tmp_path / "other")
    assert "does not verify" in str(found(tmp_path, other))
    data = (archive / STAMPED).read_bytes()
    file = archive / stamp_files(data).stamp
    good = file.read_bytes()
    for bad, said in ((b"", "no time stamp by RFC 3161"), (good[:-1], "RFC 3161"), (good[:-9] + bytes(9), "verif")):
        file.write_bytes(bad)
        assert said in str(found(tmp_path, root))
    fork = Sealed(tmp_path / "fork")
    fork.signer = KeyFile.load(place(tmp_path).key)
    forged = fork.grow(entries(300, 1))
    (archive / STAMPED).write_bytes(forged)
    (archive / stamp_files(forged).stamp).write_bytes(good)
    assert "is of other bytes" in str(found(tmp_path, root))
    (archive / STAMPED).write_bytes(data)
    file.write_bytes(good)
    shutil.copytree(archive / "stamped", fork.root / "stamped")
    (fork.root / STAMPED).write_bytes(data)
    fork.grow(entries(5, 301))
    forgery = found(tmp_path, root, fork.root)
    assert "another head of the first 300 entries was stamped at" in str(forgery)


async def test_stamps_over_http(redis: Any, server_url: str, tmp_path: Path, root: Path) -> None:
    """On demand by the office and the auditor; the files are served with the archive."""
    (tmp_path / "ledgers").mkdir()
    options: dict[str, Any] = {"archive": str(tmp_path / "archive"), "seal_seconds": 3_600}
    with authority(root.parent) as url:
        async with opened(redis, server_url, tmp_path / "ledgers", tsa=url, **options) as client:
            await submit(client, range(1, 4))
            await seal(client)
            path = LOG_PATH.replace("/log", "/stamp")
            assert (await client.http.post(path, headers=bearer(client, "units"))).status_code == 403
            answer = await client.http.post(path, headers=bearer(client, "audit"))
            assert answer.status_code == 200, answer.text
            assert answer.json()["log"]["size"] == 3
            checkpoint = await read(client, f"{LOG_PATH}/{STAMPED}")
            assert checkpoint.headers["cache-control"] == "private, no-cache"
            stamp = await read(client, f"{LOG_PATH}/{stamp_files(checkpoint.content).stamp}")
            assert stamp.headers["cache-control"] == "private, max-age=31536000, immutable"
            assert (await read(client, f"{LOG_PATH}/stamped/other")).status_code == 404


async def test_a_proof_has_a_time(tmp_path: Path, root: Path) -> None:
    """By the stamped checkpoint: since then the entry is in the log. Without trust in the authority it has none."""
    async with stamped(tmp_path, stream := MemoryStream(LOG[:10]), root) as sealer:
        await turn(sealer)
        stream.entries = LOG
        await turn(sealer)
    archive, key = str(archive_in(tmp_path)), str(KeyFile.load(place(tmp_path).key).keys[0])
    proof, tsr = str(tmp_path / "7.tlog-proof"), str(tmp_path / "7.tsr")
    made = run("audit", "prove", "7", "--archive", archive, "--out", proof, "--tsr", tsr)
    assert made.returncode == 0, made.stderr
    words = "audit", "check-proof", proof, "--key", key
    good = run(*words, "--tsr", tsr, "--tsa-ca", str(root))
    assert (good.returncode, "stamped at 20" in good.stdout, ": 10 entries" in good.stdout) == (0, True, True), (
        good.stderr
    )
    other = make_authority(tmp_path / "other")
    bad = run(*words, "--tsr", tsr, "--tsa-ca", str(other))
    assert (bad.returncode, "does not verify" in bad.stderr) == (1, True)
    alone = run(*words, "--tsr", tsr)
    assert (alone.returncode, "belong together" in alone.stderr) == (2, True)
    late = run("audit", "prove", "20", "--archive", archive, "--tsr", tsr)
    assert (late.returncode, "sealed up to 10" in late.stderr) == (1, True)
