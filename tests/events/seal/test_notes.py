"""Notes, keys, checkpoints and cosignatures, with the examples of their specifications and of golang.org/x/mod."""

import base64

import pytest

from events.seal.checkpoint import LogCheckpoint, origin_of, parse_checkpoint
from events.seal.errors import FormatError, SignatureError
from events.seal.keys import ED25519_COSIGNATURE, ML_DSA_44, parse_key, signers, subtree_message, timed_text
from events.seal.merkle import EMPTY
from events.seal.notes import parse_lines, parse_note
from tests.events.seal.logs import NOW, ORIGIN, Cosigner

EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

EXAMPLE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()
"""https://c2sp.org/signed-note#example ."""

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"

ENOCH = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"

TEXT = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.
"""

PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
"""https://pkg.go.dev/golang.org/x/mod/sumdb/note , note_test.go."""

CHECKPOINT = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
"""https://c2sp.org/tlog-checkpoint ."""


def test_the_specifications_example_verifies() -> None:
    """The verifier key of the signed-note specification verifies its note, which is written as it was read."""
    note, key = parse_note(EXAMPLE), parse_key(EXAMPLE_KEY)
    assert signers(note, [key]) == {key: None}
    assert (note.encode(), str(key)) == (EXAMPLE, EXAMPLE_KEY)
    with pytest.raises(SignatureError, match=r"example\.com/foo does not verify"):
        signers(parse_note(EXAMPLE.replace(b"example m", b"Example m")), [key])


def test_lines_of_unknown_keys_are_ignored() -> None:
    """Of two signatures the known one counts; with none known nobody has signed."""
    peter, enoch = parse_key(PETER), parse_key(ENOCH)
    other = "— 密评/sm2 " + base64.b64encode(b"\xff\xff\xff\xff" + bytes(64)).decode() + "\n"
    note = parse_note(f"{TEXT}\n{PETER_LINE}{other}{ENOCH_LINE}".encode())
    assert signers(note, [peter]) == {peter: None}
    assert set(signers(note, [peter, enoch])) == {peter, enoch}
    assert signers(note, [parse_key(EXAMPLE_KEY)]) == {}
    again = note.adding([*parse_lines(PETER_LINE)])
    assert again == note
    assert parse_note(again.encode()) == note


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (TEXT, "no signatures"),
        (f"{TEXT}\n", "no signatures"),
        (f"{TEXT}\n{PETER_LINE[:-1]}", "does not end with a newline"),
        (f"\x01{TEXT}\n{PETER_LINE}", r"U\+0001"),
        (f"{TEXT}\r\n{PETER_LINE}", r"U\+000D"),
        (f"{TEXT}\n{PETER_LINE}Unexpected line.\n", "is no signature line"),
        (f"{TEXT}\n{PETER_LINE.replace('x08go', 'x08g*')}", "is not base64"),
        (f"{TEXT}\n{PETER_LINE.replace('nAM=', 'nAN=')}", "only spelling"),
        (f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Peter+Neumann')}", "is no key name"),
        (f"{TEXT}\n{PETER_LINE.replace('PeterNeumann', 'Peter　Neumann')}", "is no key name"),
        (f"{TEXT}\n— PeterNeumann x08gow==\n", "4 bytes"),
        (f"{TEXT}\n{PETER_LINE * 101}", "101 signatures; at most 100"),
        (f"{'x' * 1_000_000}\n\n{PETER_LINE}", "at most 1000000 are read"),
    ],
)
def test_malformed_notes(data: str, wrong: str) -> None:
    """Each is refused with what is wrong."""
    with pytest.raises(FormatError, match=wrong):
        parse_note(data.encode())


def test_a_note_is_utf8() -> None:
    """Other bytes are refused with their place; a note of a hundred signatures is read."""
    with pytest.raises(FormatError, match="not UTF-8 at byte 0"):
        parse_note(b"\xff" + EXAMPLE)
    assert len(parse_note(f"{TEXT}\n{PETER_LINE * 100}".encode()).signatures) == 100


def test_mangled_keys_are_refused() -> None:
    """No part of a key and no key with a changed letter is one, as in golang.org/x/mod."""
    for first in range(len(PETER)):
        for last in range(first + 1, len(PETER) + 1):
            if (first, last) != (0, len(PETER)):
                with pytest.raises(FormatError):
                    parse_key(PETER[first:last])
    for at, letter in enumerate(PETER):
        with pytest.raises(FormatError):
            parse_key(f"{PETER[:at]}{chr(ord(letter) + 1)}{PETER[at + 1 :]}")
    with pytest.raises(FormatError, match="has 35 bytes instead of 32"):
        parse_key("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADK")
    with pytest.raises(FormatError, match="signature type 0x65; 0x01, 0x04, 0x06, 0xff are known"):
        parse_key("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")


def test_the_specifications_checkpoint() -> None:
    """It is read, and written the same."""
    checkpoint = parse_checkpoint(CHECKPOINT)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert str(checkpoint) == CHECKPOINT
    extended = parse_checkpoint(f"{CHECKPOINT}more\n")
    assert (extended.extensions, str(extended)) == (("more",), f"{CHECKPOINT}more\n")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (CHECKPOINT[:-1], "at least three lines"),
        ("a\n1\n", "at least three lines"),
        (CHECKPOINT.replace("example.com/behind-the-sofa", ""), "none of them empty"),
        (CHECKPOINT.replace("20852163", "020852163"), "without leading zeroes"),
        (CHECKPOINT.replace("20852163", "-1"), "decimal number"),
        (CHECKPOINT.replace("20852163", "9223372036854775808"), r"below 2\^63"),
        (CHECKPOINT.replace("20852163", "１２"), "decimal number"),
        (CHECKPOINT.replace("CsUY", "Cs"), "is not base64"),
        (CHECKPOINT.replace("CsUYapGGPo4dkMgI", "CsUY"), "bytes instead of 32"),
    ],
)
def test_malformed_checkpoints(text: str, wrong: str) -> None:
    """Each is refused with what is wrong."""
    with pytest.raises(FormatError, match=wrong):
        parse_checkpoint(text)


def test_an_ed25519_cosignature_signs_time_and_text() -> None:
    """The message of https://c2sp.org/tlog-cosignature#ed25519-signed-message , extension lines included."""
    assert timed_text(CHECKPOINT, 1_679_315_147).decode() == f"cosignature/v1\ntime 1679315147\n{CHECKPOINT}"
    witness = Cosigner("witness.example.com/w1", ED25519_COSIGNATURE)
    note = parse_note(f"{CHECKPOINT}more\n\n{PETER_LINE}".encode())
    note = note.adding([witness.cosign(note)])
    assert signers(note, [witness.key]) == {witness.key: NOW}
    for changed in (note._replace(text=f"{CHECKPOINT}less\n"), note._replace(text=CHECKPOINT)):
        with pytest.raises(SignatureError, match="does not verify"):
            signers(changed, [witness.key])


def test_an_ml_dsa_cosignature_signs_names_time_size_and_head() -> None:
    """The structure of https://c2sp.org/tlog-cosignature#ml-dsa-44-signed-message , byte by byte."""
    checkpoint = parse_checkpoint(CHECKPOINT)
    message = subtree_message("witness.example.com/w1", NOW, checkpoint)
    assert message == (
        b"subtree/v1\n\0"
        b"\x16witness.example.com/w1"
        + bytes.fromhex("000000006553f100")
        + b"\x1bexample.com/behind-the-sofa"
        + bytes.fromhex("0000000000000000")
        + bytes.fromhex("00000000013e2dc3")
        + base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    )
    witness = Cosigner("witness.example.com/w1", ML_DSA_44)
    note = parse_note(f"{CHECKPOINT}\n{PETER_LINE}".encode())
    line = witness.cosign(note)
    assert len(line.signature) == 8 + 2420
    assert parse_key(str(witness.key)) == witness.key
    assert signers(parse_note(note.adding([line]).encode()), [witness.key]) == {witness.key: NOW}
    later = line._replace(signature=(NOW + 1).to_bytes(8, "big") + line.signature[8:])
    with pytest.raises(SignatureError, match="does not verify"):
        signers(note.adding([later]), [witness.key])
    with pytest.raises(FormatError, match="256 bytes"):
        subtree_message("x" * 256, NOW, checkpoint)


def test_signatures_of_wrong_size_or_time() -> None:
    """A cosignature without a time, and one with a time beyond 2^63 - 1, do not verify."""
    witness = Cosigner("witness.example.com/w1")
    note = parse_note(f"{CHECKPOINT}\n{PETER_LINE}".encode())
    line = witness.cosign(note)
    with pytest.raises(SignatureError, match="64 bytes instead of 72"):
        signers(note.adding([line._replace(signature=line.signature[8:])]), [witness.key])
    with pytest.raises(SignatureError, match=r"at most 2\^63 - 1"):
        signers(note.adding([line._replace(signature=b"\xff" + line.signature[1:])]), [witness.key])


def test_origins() -> None:
    """A log's origin is below its owner's domain, or below one that nobody can have."""
    assert origin_of("4f2a", "zhanjiang") == ORIGIN
    assert origin_of("4f2a", "zhanjiang", "duban.example.gov") == "duban.example.gov/zhanjiang"
    assert str(LogCheckpoint(ORIGIN, 0, EMPTY)) == f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
