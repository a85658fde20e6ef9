"""Signers: keys in a file, and a command."""

import sys
from pathlib import Path

import pytest

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import FormatError, SigningError
from events.seal.keys import signers
from events.seal.merkle import EMPTY
from events.seal.notes import SignedNote, parse_lines
from events.seal.signers import CommandSigner, KeyFile
from tests.events.seal.logs import NOW, ORIGIN, Cosigner

CHECKPOINT = LogCheckpoint(ORIGIN, 0, EMPTY)

COMMAND = """
import sys
from pathlib import Path
from events.seal.checkpoint import parse_checkpoint
from events.seal.signers import KeyFile
for line in KeyFile.load(Path(sys.argv[1])).sign(parse_checkpoint(sys.stdin.read()), 1_700_000_000):
    sys.stdout.buffer.write(str(line).encode())
"""


def test_keys_are_made_once(tmp_path: Path) -> None:
    """With mode 0600, never overwritten, the same after loading; no temporary file stays."""
    path = tmp_path / "zhanjiang.key"
    made = KeyFile.make(path, ORIGIN)
    assert path.stat().st_mode & 0o777 == 0o600
    content = path.read_bytes()
    with pytest.raises(FileExistsError):
        KeyFile.make(path, ORIGIN)
    assert path.read_bytes() == content
    assert [child.name for child in tmp_path.iterdir()] == ["zhanjiang.key"]
    loaded = KeyFile.load(path)
    assert (loaded.keys, loaded.origin) == (made.keys, ORIGIN)
    note = SignedNote(str(CHECKPOINT), loaded.sign(CHECKPOINT, NOW))
    assert list(signers(note, made.keys).values()) == [None, NOW]


def test_a_private_key_is_that_of_golang_org_x_mod(tmp_path: Path) -> None:
    """That of https://pkg.go.dev/golang.org/x/mod/sumdb/note , note_test.go, has the public key from there."""
    path = tmp_path / "keys"
    KeyFile.make(path, "PeterNeumann")
    _, ml_dsa = path.read_text().splitlines()
    path.write_text(f"PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz\n{ml_dsa}\n")
    key = KeyFile.load(path).keys[0]
    assert str(key) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_key_files_that_are_refused(tmp_path: Path) -> None:
    """Readable by others, incomplete, damaged, of another origin's key."""
    path = tmp_path / "keys"
    KeyFile.make(path, ORIGIN)
    first, second = path.read_text().splitlines(keepends=True)
    path.chmod(0o640)
    with pytest.raises(SigningError, match="can be read by others; chmod 600"):
        KeyFile.load(path)
    path.chmod(0o600)
    for text, wrong in (
        (first, "does not have the two keys"),
        ("", "does not have the two keys"),
        (first + second.replace("PRIVATE", "PUBLIC"), "line 2: no private key"),
        (first[:-10] + "\n" + second, "line 1"),
        (first.replace("4f2a", "4f2b") + second, "a key's id is not that of its origin"),
    ):
        path.write_text(text)
        with pytest.raises(FormatError, match=wrong):
            KeyFile.load(path)
    path.write_bytes(b"\xff")
    with pytest.raises(FormatError, match="keys is not UTF-8 at byte 0"):
        KeyFile.load(path)
    with pytest.raises(FormatError, match="is no key name"):
        KeyFile.make(tmp_path / "more", "a b")
    with pytest.raises(SigningError, match="the checkpoint is of 'other', the keys are those of"):
        KeyFile.make(tmp_path / "more", ORIGIN).sign(CHECKPOINT._replace(origin="other"), NOW)


def test_a_command_signs(tmp_path: Path) -> None:
    """It reads the note's text and writes signature lines, which are verified."""
    keys = KeyFile.make(tmp_path / "keys", ORIGIN).keys
    signer = CommandSigner((sys.executable, "-c", COMMAND, str(tmp_path / "keys")), keys)
    assert list(signers(SignedNote(str(CHECKPOINT), signer.sign(CHECKPOINT, NOW)), keys).values()) == [None, NOW]


def test_lines_of_other_keys_are_passed_on(tmp_path: Path) -> None:
    """A verifier that knows them gets them; those of `keys` have to be there."""
    keys = KeyFile.make(tmp_path / "keys", ORIGIN).keys
    script = f"{COMMAND}\nsys.stdout.buffer.write('— other /////wABAgM=\\n'.encode())"
    signer = CommandSigner((sys.executable, "-c", script, str(tmp_path / "keys")), keys[:1])
    assert [line.name for line in signer.sign(CHECKPOINT, NOW)] == [ORIGIN, ORIGIN, "other"]


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        (("/nowhere/sign",), "did not sign: .*No such file"),
        (("sh", "-c", "echo no token >&2; exit 3"), "sh ended with 3: no token"),
        (("sh", "-c", "exit 1"), "ended with 1: no message"),
        (("sh", "-c", "echo signed"), "is no signature line"),
        (("sh", "-c", "printf '\\377'"), "utf-8"),
        (("true",), "returned no signature of w.example"),
        (("sleep", "5"), "did not sign: .*timed out"),
    ],
)
def test_commands_that_do_not_sign(command: tuple[str, ...], wrong: str) -> None:
    """Each is an error with what the command printed."""
    witness = Cosigner("w.example")
    with pytest.raises(SigningError, match=wrong):
        CommandSigner(command, (witness.key,), 0.5).sign(CHECKPOINT, NOW)


def test_a_commands_wrong_signature_is_not_published() -> None:
    """One over another text does not leave."""
    witness = Cosigner("w.example")
    line = witness.cosign(SignedNote(str(CHECKPOINT._replace(origin="other")), ()))
    assert parse_lines(str(line)) == (line,)
    with pytest.raises(SigningError, match=r"the signature of w\.example does not verify"):
        CommandSigner(("printf", "%s", str(line)), (witness.key,)).sign(CHECKPOINT, NOW)
