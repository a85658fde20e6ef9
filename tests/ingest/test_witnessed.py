"""Checkpoints are published once the policy's witnesses have cosigned them, and never contradict what they have."""

import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from events.seal.errors import PolicyError
from events.seal.keys import signers
from events.seal.notes import parse_note
from events.seal.policy import LogPolicy
from events.seal.signers import KeyFile
from events.seal.witnessing import origin_hash
from services.common import clock
from services.common.settings import SettingsError
from services.ingest.sealing import pauses, publishing
from services.ingest.sealing.publishing import Quorum
from services.ingest.sealing.sealer import NotSealedError, Sealer
from services.ingest.sealing.witnesses import Witnesses, load_witnesses
from tests.events.seal.logs import ORIGIN, entries, policy_text
from tests.ingest.sealed import OFTEN, RARELY, MemoryStream, archive_in, place, sealed, sealing
from tests.ingest.witnessed import RunningWitness, witnessing

LOG = entries(700)

OTHER = [b"other" + entry for entry in LOG]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pauses, "FIRST_PAUSE", 0.0)


@asynccontextmanager
async def witnessed(folder: Path) -> AsyncIterator[RunningWitness]:
    """Run a witness of the log in a folder, whose key is made."""
    path = place(folder).key
    path.parent.mkdir(parents=True, exist_ok=True)
    keys = (KeyFile.load(path) if path.exists() else KeyFile.make(path, ORIGIN)).keys
    async with witnessing(folder / "witness", keys) as witness:
        yield witness


@asynccontextmanager
async def cosigned(
    folder: Path,
    stream: MemoryStream,
    policy: LogPolicy,
    fail_open: float | None = None,
    seconds: float = OFTEN,
) -> AsyncIterator[Sealer]:
    """Return a sealer that has its checkpoints cosigned."""
    async with httpx.AsyncClient() as http:
        quorum = Quorum(Witnesses(policy, http), fail_open)
        async with sealing(folder, stream, seconds, quorum) as sealer:
            yield sealer


def names(folder: Path, witness: RunningWitness) -> set[str]:
    """Return the witnesses of the published checkpoint, which satisfies the policy."""
    keys = KeyFile.load(place(folder).key).keys
    return set(witness.policy(keys).check((archive_in(folder) / "checkpoint").read_bytes()).witnesses)


def sample(sealer: Sealer, name: str) -> float:
    return next(one.value for one in sealer.samples("log") if one.name == name)


@pytest.mark.parametrize("sizes", [(0, 1, 255, 256, 600), (500, 501, 700)])
async def test_checkpoints_have_cosignatures_of_both_kinds(tmp_path: Path, sizes: Sequence[int]) -> None:
    """From an empty log on; the witness is asked once, from the size it has cosigned."""
    async with witnessed(tmp_path) as witness:
        stream = MemoryStream([])
        async with cosigned(tmp_path, stream, witness.policy()) as sealer:
            for size in sizes:
                stream.entries, before = LOG[:size], witness.asked
                await sealer.turn()
                assert sealed(tmp_path, LOG) == size
                assert names(tmp_path, witness) == {"w", "w-ml"}
                assert witness.asked - before == 1 + (size == sizes[0])  # and at the start for its newest checkpoint


async def test_a_checkpoint_waits_for_its_witnesses(tmp_path: Path) -> None:
    """Entries are taken meanwhile; who asks for a checkpoint hears why; later the newest is published."""
    async with witnessed(tmp_path) as witness:
        stream = MemoryStream(LOG[:10])
        async with cosigned(tmp_path, stream, witness.policy()) as sealer:
            await sealer.turn()
            witness.away = True
            for size in (300, 600):
                stream.entries = LOG[:size]
                await sealer.turn()
                assert (sealed(tmp_path, LOG), sealer.files.size) == (10, size)
                (warning,) = sealer.warnings
                assert f"the checkpoint of {size} entries waits for witnesses: w has not cosigned" in warning
                assert "answers 503: away" in warning
            with pytest.raises(NotSealedError, match="waits for witnesses"):
                await sealer.seal()
            assert (sample(sealer, "duban_seal_waiting"), sample(sealer, "duban_seal_lag")) == (1, 590)
            witness.away = False
            await sealer.turn()
            assert (sealed(tmp_path, LOG), sealer.warnings, sample(sealer, "duban_seal_waiting")) == (600, [], 0)
            assert names(tmp_path, witness) == {"w", "w-ml"}


async def test_pauses_grow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A witness that is away is not asked at each turn, but on demand."""
    monkeypatch.setattr(pauses, "FIRST_PAUSE", 60.0)
    async with witnessed(tmp_path) as witness, cosigned(tmp_path, MemoryStream(LOG), witness.policy()) as sealer:
        witness.away = True
        for _ in range(3):
            with pytest.raises(Exception, match="what witnesses have cosigned is not known"):
                await sealer.turn()
        assert witness.asked == 1
        witness.away = False
        monkeypatch.setattr(pauses, "monotonic", lambda: clock.monotonic() + 61)
        await sealer.turn()
        assert sealed(tmp_path, LOG) == len(LOG)


@pytest.mark.parametrize("fail_open", [0.0, 3_600.0])
async def test_publishing_without_witnesses_is_counted_and_shown(tmp_path: Path, fail_open: float) -> None:
    """After the time of the setting, not before; the policy then refuses the checkpoint, and weighs it as weaker."""
    async with witnessed(tmp_path) as witness:
        policy = witness.policy(KeyFile.load(place(tmp_path).key).keys)
        async with cosigned(tmp_path, stream := MemoryStream(LOG[:10]), policy, fail_open) as sealer:
            await sealer.turn()
            witness.away = True
            stream.entries = LOG[:500]
            await sealer.turn()
            if fail_open:
                assert sealed(tmp_path, LOG) == 10
                return
            assert sealed(tmp_path, LOG) == 500
            (warning,) = sealer.warnings
            assert "published without the quorum of witnesses: w has not cosigned" in warning
            assert (sample(sealer, "duban_seal_unwitnessed"), sample(sealer, "duban_seal_waiting")) == (1, 0)
            data = (archive_in(tmp_path) / "checkpoint").read_bytes()
            with pytest.raises(PolicyError, match="the quorum is not reached: w has not cosigned"):
                policy.check(data)
            assert policy.weigh(data).weaker == "the quorum is not reached: w has not cosigned"
            assert await sealer.seal() == 500  # nothing new, which it may not publish again without them
            witness.away = False
            await sealer.turn()
            assert (sealer.warnings, sample(sealer, "duban_seal_unwitnessed")) == ([], 1)
            assert names(tmp_path, witness) == {"w", "w-ml"}


async def test_a_restored_log_is_not_signed_before_the_witnesses_are_asked(tmp_path: Path) -> None:
    """Archive, state of signing and log are of last week: they know of nothing later, but the witness does."""
    async with witnessed(tmp_path) as witness:
        async with cosigned(tmp_path, stream := MemoryStream(LOG[:300]), witness.policy()) as sealer:
            await sealer.turn()
            shutil.copytree(archive_in(tmp_path), tmp_path / "backup")
            shutil.copy(place(tmp_path).state, tmp_path / "state")
            stream.entries = LOG[:600]
            await sealer.turn()

        def restore() -> None:
            shutil.rmtree(archive_in(tmp_path))
            shutil.copytree(tmp_path / "backup", archive_in(tmp_path))
            shutil.copy(tmp_path / "state", place(tmp_path).state)

        for now, said in (
            (LOG[:300], "positions 301 to 600 are sealed, but missing"),
            (LOG[:500], "positions 501 to 600 are sealed, but missing"),
            (LOG[:400] + OTHER[400:], "witnesses have cosigned another head of the first 600 entries"),
        ):
            restore()
            async with cosigned(tmp_path, MemoryStream(now), witness.policy()) as sealer:
                await sealer.turn()
                assert sealer.stopped is not None
                assert said in str(sealer.stopped)
            assert sealed(tmp_path, LOG) == 300
        restore()
        async with cosigned(tmp_path, MemoryStream(LOG), witness.policy()) as sealer:
            await sealer.turn()
            assert (sealer.warnings, sealed(tmp_path, LOG)) == ([], len(LOG))


async def test_nothing_is_signed_while_no_witness_can_be_asked(tmp_path: Path) -> None:
    """After a start it is not known whether a restore took something back."""
    async with witnessed(tmp_path) as witness:
        witness.away = True
        async with cosigned(tmp_path, MemoryStream(LOG), witness.policy()) as sealer:
            with pytest.raises(Exception, match="what witnesses have cosigned is not known: w has not cosigned"):
                await sealer.turn()
            assert not place(tmp_path).state.exists()
            witness.away = False
            await sealer.turn()
            assert sealed(tmp_path, LOG) == len(LOG)


async def test_a_key_that_signed_elsewhere_is_noticed(tmp_path: Path) -> None:
    """While it runs: somebody has the key, and the witness has another past of the log, or a later one."""
    for count in (500, 600, 700):
        folder = tmp_path / str(count)
        async with witnessed(folder) as witness:
            async with cosigned(folder, MemoryStream(LOG[:10]), witness.policy()) as sealer:
                await sealer.turn()
                thief = folder / "thief"
                thief.mkdir()
                shutil.copytree(folder / "keys", thief / "keys")
                shutil.copytree(folder / "archive", thief / "archive")
                async with cosigned(thief, MemoryStream(LOG[:10] + OTHER[10:count]), witness.policy()) as other:
                    await other.turn()
                sealer._stream.entries = LOG[:600]  # type: ignore[attr-defined]
                await sealer.turn()
                assert sealer.stopped is not None
                assert f"has a signed checkpoint of {count} entries" in str(sealer.stopped)
            assert sealed(folder, LOG) == 10


async def test_a_witness_that_names_a_size_without_proof_is_not_believed(tmp_path: Path) -> None:
    """Its newest checkpoint is not signed by this log: sealing waits, and is not stopped for good."""
    async with witnessed(tmp_path) as witness:
        async with cosigned(tmp_path, MemoryStream(LOG[:10]), witness.policy()) as sealer:
            await sealer.turn()
        file = witness.home / "logs" / origin_hash(ORIGIN)
        good = file.read_bytes()
        file.write_bytes(good.replace(b"\n10\n", b"\n900\n"))
        async with cosigned(tmp_path, MemoryStream(LOG), witness.policy()) as sealer:
            with pytest.raises(Exception, match=r"its newest checkpoint: the signature of .* does not verify"):
                await sealer.turn()
            assert sealer.stopped is None
            file.write_bytes(good)
            await sealer.turn()
            assert sealed(tmp_path, LOG) == len(LOG)


async def test_a_witness_that_lost_its_state_is_asked_from_its_size(tmp_path: Path) -> None:
    """It answers 409 with what it has; the proof is made anew."""
    stream = MemoryStream(LOG[:10])
    async with witnessed(tmp_path) as witness, cosigned(tmp_path, stream, witness.policy()) as sealer:
        await sealer.turn()
        (witness.home / "logs" / origin_hash(ORIGIN)).unlink()
        stream.entries, before = LOG[:500], witness.asked
        await sealer.turn()
        assert (sealer.warnings, sealed(tmp_path, LOG), witness.asked - before) == ([], 500, 2)


async def test_a_fresh_checkpoint_each_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has grown, but it is signed and cosigned again: it shows that nothing is held back."""
    async with (
        witnessed(tmp_path) as witness,
        cosigned(tmp_path, MemoryStream(LOG), witness.policy(), seconds=RARELY) as sealer,
    ):
        await sealer.turn()
        checkpoint = archive_in(tmp_path) / "checkpoint"
        first, day, real = checkpoint.read_bytes(), publishing.FRESH_SECONDS, clock.real_time()
        await sealer.turn()
        assert checkpoint.read_bytes() == first
        monkeypatch.setattr(pauses, "monotonic", lambda: clock.monotonic() + day)
        monkeypatch.setattr(publishing, "real_time", lambda: real + day)
        await sealer.turn()
        fresh = checkpoint.read_bytes()
        await sealer.turn()
        assert first != fresh == checkpoint.read_bytes()
        keys = KeyFile.load(place(tmp_path).key).keys
        assert signers(parse_note(fresh), keys)[keys[1]] == int(real + day)
        assert set(witness.policy(keys).check(fresh).witnesses) == {"w", "w-ml"}


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (("witness w {key}", "quorum w"), "cannot be reached by the witnesses that have a URL: w has not cosigned"),
        (("quorum w",), "line 1: 'w' is no witness"),
        (("witness w {key} http://127.0.0.1:1",), "has no quorum line"),
    ],
)
def test_policies_that_cannot_be_used(tmp_path: Path, lines: tuple[str, ...], wrong: str) -> None:
    """The setting is named."""
    key = KeyFile.make(tmp_path / "key", "w.example").keys[1]
    (tmp_path / "policy").write_bytes(policy_text([], *(line.format(key=key) for line in lines)))
    with pytest.raises(SettingsError, match=rf"DUBAN_POLICY: .*{wrong}"):
        load_witnesses(tmp_path / "policy")
