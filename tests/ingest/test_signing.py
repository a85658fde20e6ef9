"""Who signs: keys that are rotated, a command, and SM2 as a line of its own."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from events.keys import key
from events.log import Log
from events.operations import OPS
from events.seal import sm2
from events.seal.errors import ArchiveError, FormatError, PolicyError, SignatureError
from events.seal.keys import ED25519, ML_DSA_44, SM2_SM3, VerifierKey, parse_key
from events.seal.notes import parse_note
from events.seal.policy import LogPolicy, Trusted
from events.seal.private_keys import PrivateKey
from events.seal.signers import KEY_TYPES, KeyFile
from services.ingest.sealing.dense_stream import DenseStream
from services.ingest.sealing.signing import add_keys, load_signer, retire_keys
from tests.events.seal.logs import NOW, ORIGIN, entries
from tests.events.seal.test_signers import CHECKPOINT, COMMAND
from tests.ingest.sealed import NAME, MemoryStream, archive_in, place, sealing

LOG = entries(40)

needs_sm2 = pytest.mark.skipif(not sm2.HAS_SM2, reason="the extra `sm` is not installed")


async def seal(folder: Path, stream: MemoryStream, size: int) -> list[str]:
    """Seal up to a size as a newly started process; return the warnings."""
    stream.entries = LOG[:size]
    async with sealing(folder, stream) as sealer:
        await sealer.turn()
        return sealer.warnings


def trusted(folder: Path, *keys: VerifierKey) -> Trusted:
    """Verify the published checkpoint by a policy of these keys."""
    return LogPolicy(keys, {}, {}, "none").check((archive_in(folder) / "checkpoint").read_bytes())


def ids(keys: tuple[VerifierKey, ...]) -> set[str]:
    return {key.key_id.hex() for key in keys}


async def test_a_key_is_rotated(tmp_path: Path) -> None:
    """New keys sign beside the old; later they sign alone. One log, which both policies follow as far as they can."""
    stream, path = MemoryStream([]), place(tmp_path).key
    assert await seal(tmp_path, stream, 10) == []
    old = KeyFile.load(path).keys
    new = tuple(add_keys(path))
    assert [key.type for key in new] == [ED25519, ML_DSA_44]
    assert await seal(tmp_path, stream, 20) == []
    assert [trusted(tmp_path, *keys).checkpoint.size for keys in (old, new)] == [20, 20]
    assert stream.signers == {ORIGIN: new[0].key_id.hex()}
    assert retire_keys(path, ids(old)) == list(old)
    assert path.stat().st_mode & 0o777 == 0o600
    assert await seal(tmp_path, stream, 30) == []
    assert trusted(tmp_path, *new).checkpoint.size == 30
    with pytest.raises(PolicyError, match="no key of the policy"):
        trusted(tmp_path, *old)
    assert load_signer(path).keys == (*new, *old)
    with pytest.raises(FormatError, match="without a key of each kind"):
        retire_keys(path, {new[0].key_id.hex()})
    assert KeyFile.load(path).keys == new


async def test_a_rotation_that_nobody_sealed_with_meanwhile(tmp_path: Path) -> None:
    """Made and retired at once: the archive is still that of an earlier key, and continues."""
    stream, path = MemoryStream([]), place(tmp_path).key
    await seal(tmp_path, stream, 10)
    old = KeyFile.load(path).keys
    new = add_keys(path)
    retire_keys(path, ids(old))
    assert await seal(tmp_path, stream, 20) == []
    assert trusted(tmp_path, *new).checkpoint.size == 20


async def test_another_key_is_no_rotation(tmp_path: Path) -> None:
    """A file that was put in the place of the key is not taken: nothing says that the log's owner has made it."""
    stream, path = MemoryStream([]), place(tmp_path).key
    await seal(tmp_path, stream, 10)
    path.rename(tmp_path / "lost")
    with pytest.raises(ArchiveError, match=r"is missing, with which .* is signed; restore it"):
        await seal(tmp_path, stream, 20)
    KeyFile.make(path, ORIGIN)
    with pytest.raises(ArchiveError, match="has no signature of"):
        await seal(tmp_path, stream, 20)
    path.unlink()
    (tmp_path / "lost").rename(path)
    assert await seal(tmp_path, stream, 20) == []


async def test_a_lost_key_ends_a_log_and_another_origin_begins_one(tmp_path: Path) -> None:
    """The old archive is verified for ever; the new log is sealed from the first position, under a name of its own."""
    stream, path = MemoryStream([]), place(tmp_path).key
    await seal(tmp_path, stream, 10)
    old, archive = KeyFile.load(path).keys, archive_in(tmp_path)
    path.unlink()
    archive.rename(tmp_path / "first")
    place(tmp_path).state.rename(tmp_path / "first.signed")
    KeyFile.make(path, f"{ORIGIN}/2")
    assert await seal(tmp_path, stream, 20) == []
    assert trusted(tmp_path, *KeyFile.load(path).keys).checkpoint.origin == f"{ORIGIN}/2"
    assert LogPolicy(old, {}, {}, "none").check((tmp_path / "first/checkpoint").read_bytes()).checkpoint.size == 10


async def test_a_command_signs_a_stream(tmp_path: Path) -> None:
    """Named in a file beside where the key would be; the key lies elsewhere."""
    path, secret = place(tmp_path).key, tmp_path / "hsm"
    path.parent.mkdir(parents=True)
    keys = KeyFile.make(secret, ORIGIN).keys
    command = [sys.executable, "-c", COMMAND.strip().replace("1_700_000_000", "1_700_000_001"), str(secret)]
    file = path.with_suffix(".signer")
    file.write_text(f"command = {json.dumps(command)}\nkeys = {json.dumps(list(map(str, keys)))}\n")
    assert await seal(tmp_path, MemoryStream([]), 10) == []
    assert trusted(tmp_path, *keys).checkpoint.size == 10
    assert not path.exists()
    secret.unlink()
    with pytest.raises(Exception, match=r"the signing command .* ended with 1"):
        await seal(tmp_path, MemoryStream([]), 20)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("command = []\nkeys = ['x']", "have at least one item each"),
        ("comand = ['sign']", "unknown field `comand`"),
        ("command = ['sign']\nkeys = ['x']", "is no verifier key"),
        ("command", "signer"),
    ],
)
def test_signer_files_that_cannot_be_used(tmp_path: Path, text: str, wrong: str) -> None:
    """The file is named."""
    (tmp_path / "log.signer").write_text(text)
    with pytest.raises(ArchiveError, match=rf"log\.signer: .*{wrong}|{wrong}"):
        load_signer(tmp_path / "log.key")


@needs_sm2
async def test_sm2_is_a_third_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is verified by who has the extra, and ignored by all others; a changed text is refused."""
    stream, path = MemoryStream([]), place(tmp_path).key
    await seal(tmp_path, stream, 10)
    first = KeyFile.load(path).keys
    (key,) = add_keys(path, (SM2_SM3,))
    assert await seal(tmp_path, stream, 20) == []
    assert parse_key(str(key)) == key
    found = trusted(tmp_path, *first, key)
    assert (found.signed, found.unchecked) == ((*first, key), ())
    data = (archive_in(tmp_path) / "checkpoint").read_bytes()
    assert len(parse_note(data).signatures) == 3
    assert trusted(tmp_path, *first).checkpoint.size == 20
    with pytest.raises(SignatureError, match="the SM2 signature of"):
        LogPolicy((key,), {}, {}, "none").check(data.replace(b"\n20\n", b"\n21\n"))
    monkeypatch.setattr(sm2, "HAS_SM2", False)
    assert trusted(tmp_path, *first, key).unchecked == (key,)
    with pytest.raises(PolicyError, match="no key of the policy"):
        trusted(tmp_path, key)
    with pytest.raises(ArchiveError, match="an SM2 key; to sign with it, install the extra"):
        load_signer(path)


@needs_sm2
def test_sm2_signs_as_the_standard_says() -> None:
    """The example of GB/T 32918.5 (RFC-like vectors of GmSSL), whose message has the id 1234567812345678."""
    private = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
    public = bytes.fromhex(
        "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
        "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
    )
    r = "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    s = "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
    signature = bytes.fromhex(f"3046022100{r}022100{s}")
    assert sm2.sm2_verifies(public, b"message digest", signature)
    assert not sm2.sm2_verifies(public, b"message digesT", signature)
    assert sm2.sm2_verifies(public, b"x", sm2.sm2_signature(private, public, b"x"))
    assert not sm2.sm2_verifies(bytes(64), b"x", b"nonsense")


@pytest.mark.parametrize("make", [lambda kind=kind: PrivateKey.make(ORIGIN, kind) for kind in KEY_TYPES])
def test_keys_sign_what_they_verify(make: Callable[[], PrivateKey]) -> None:
    """Each of its kind."""
    key = make()
    line = key.sign(CHECKPOINT, NOW)
    assert key.public.verify(str(CHECKPOINT), line.signature) in {None, NOW}


async def test_a_rotation_is_recorded(redis: Any) -> None:
    """In the ledger of operations, with the key before; from then on the new one signs for everybody."""
    stream = DenseStream(redis, Log(redis, NAME), "log")
    assert await stream.signer(ORIGIN, "1f2e3d4c") == "1f2e3d4c"
    await stream.replace_signer(ORIGIN, "5b6a7988", "1f2e3d4c")
    assert await stream.signer(ORIGIN, "00000000") == "5b6a7988"
    made = [msgspec.json.decode(entry[b"e"])["data"] for _, entry in await redis.xrange(key(OPS, "inbox", "ingest"))]
    assert made == [
        {"origin": ORIGIN, "key": "1f2e3d4c"},
        {"origin": ORIGIN, "key": "5b6a7988", "replaces": "1f2e3d4c"},
    ]
