"""Policies: the example of https://c2sp.org/tlog-policy , quorums reached and not, and lines that are refused."""

from itertools import combinations

import pytest

from events.seal.errors import FormatError, PolicyError, SignatureError
from events.seal.keys import ED25519_COSIGNATURE, ML_DSA_44
from events.seal.notes import parse_note
from events.seal.policy import parse_policy, policy_of
from tests.events.seal.logs import NOW, ORIGIN, Cosigner, Sealed, entries, policy_text

NAMES = ["X1", "X2", "X3", "Y1", "Y2", "Y3"]

WITNESSES = {
    name: Cosigner(f"{name}.example", (ED25519_COSIGNATURE, ML_DSA_44)[at % 2]) for at, name in enumerate(NAMES)
}

QUORUM = (
    *(f"witness {name} {witness.key} https://{name}.example/" for name, witness in WITNESSES.items()),
    "group X-witnesses 2 X1 X2 X3",
    "group Y-witnesses any Y1 Y2 Y3",
    "group X-and-Y all X-witnesses Y-witnesses",
)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """Return a log with a checkpoint of five entries."""
    sealed = Sealed(tmp_path_factory.mktemp("policy"))
    sealed.grow(entries(5))
    return sealed


def cosigned(sealed: Sealed, *names: str) -> bytes:
    """Return the log's checkpoint with cosignatures of some witnesses."""
    note = parse_note((sealed.root / "checkpoint").read_bytes())
    return note.adding([WITNESSES[name].cosign(note) for name in names]).encode()


def test_the_specifications_example(sealed: Sealed) -> None:
    """Two of the X and one of the Y are needed: every combination of witnesses is judged by that."""
    policy = parse_policy(policy_text(sealed.signer.keys, *QUORUM, "quorum X-and-Y"))
    for count in range(7):
        for names in combinations(NAMES, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            if enough:
                trusted = policy.check(cosigned(sealed, *names))
                assert (trusted.checkpoint.size, trusted.witnesses) == (5, dict.fromkeys(names, NOW))
            else:
                with pytest.raises(PolicyError, match="the quorum is not reached"):
                    policy.check(cosigned(sealed, *names))


def test_what_is_missing_is_named(sealed: Sealed) -> None:
    """The message follows the groups down to the witnesses."""
    policy = parse_policy(policy_text(sealed.signer.keys, *QUORUM, "quorum X-and-Y"))
    wrong = r"X-and-Y has 1 of 2 \(X-witnesses has 1 of 2 \(X1 has not cosigned; X3 has not cosigned\)\)"
    with pytest.raises(PolicyError, match=wrong):
        policy.check(cosigned(sealed, "X2", "Y1"))
    single = parse_policy(policy_text(sealed.signer.keys, *QUORUM, "quorum Y2"))
    with pytest.raises(PolicyError, match="not reached: Y2 has not cosigned"):
        single.check(cosigned(sealed, "Y1"))
    assert single.check(cosigned(sealed, "Y2")).witnesses == {"Y2": NOW}


def test_one_key_of_the_log_is_enough(sealed: Sealed) -> None:
    """Either kind of signature is accepted; another log and another key of the same origin are not."""
    data = cosigned(sealed)
    for key in sealed.signer.keys:
        assert parse_policy(policy_text([key], "quorum none")).check(data).log == key
        assert policy_of(key).check(data).checkpoint.origin == ORIGIN
    with pytest.raises(PolicyError, match=f"of the log {ORIGIN!r}; logs of the policy: elsewhere.example"):
        policy_of(Cosigner("elsewhere.example").key).check(data)
    with pytest.raises(PolicyError, match="no key of the policy for the log"):
        policy_of(Cosigner(ORIGIN).key).check(data)


@pytest.mark.parametrize("name", ["X1", "X2"])
def test_a_cosignature_may_have_no_time(sealed: Sealed, name: str) -> None:
    """A time of 0 is none: such a witness is of the quorum, and not one of 1970."""
    policy = parse_policy(policy_text(sealed.signer.keys, *QUORUM, f"quorum {name}"))
    note = parse_note(cosigned(sealed))
    trusted = policy.check(note.adding([WITNESSES[name].cosign(note, 0)]).encode())
    assert trusted.witnesses == {name: None}


def test_a_wrong_signature_of_a_known_witness_rejects_the_note(sealed: Sealed) -> None:
    """Also if the quorum is reached without it."""
    policy = parse_policy(policy_text(sealed.signer.keys, *QUORUM, "quorum none"))
    note = parse_note(cosigned(sealed, "X1"))
    line = note.signatures[-1]
    broken = line._replace(signature=line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
    with pytest.raises(SignatureError, match=r"X1\.example does not verify"):
        policy.check(note._replace(signatures=(*note.signatures[:-1], broken)).encode())


LOG = Cosigner("log.example").key

W1, W2 = (Cosigner(f"w{number}.example").key for number in (1, 2))


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        (["quorum none", "quorum none"], "line 2: a second quorum line"),
        ([], "no quorum line"),
        (["logs x"], "line 1: 'logs' is unknown"),
        (["log"], "line 1: write: log"),
        ([f"log {LOG} https://log.example/ more"], "line 1: write: log"),
        ([f"log {LOG}", f"log {LOG}"], r"line 2: the public key of the log log\.example is listed twice"),
        (["log log.example+00000000+AQ=="], "has 0 bytes instead of 32"),
        ([f"witness w1 {W1}", f"witness w2 {W1}"], "line 2: the public key of the witness"),
        ([f"witness w1 {W1}", f"witness w1 {W2}"], "line 2: the name 'w1' is taken"),
        ([f"witness none {W1}"], "the name 'none' is taken"),
        (["witness w1"], "line 1: write: witness"),
        (["group g all w1"], "'w1' is no witness or group of the lines before"),
        ([f"witness w1 {W1}", "group g all none"], "'none' is no witness or group"),
        ([f"witness w1 {W1}", "group g 2 w1"], "'2' of 1 members"),
        ([f"witness w1 {W1}", "group g 0 w1"], "'0' of 1 members"),
        ([f"witness w1 {W1}", "group g some w1"], "'some' of 1 members"),
        ([f"witness w1 {W1}", "group g any w1 w1"], "'w1' is a member already"),
        ([f"witness w1 {W1}", "group g any w1", "group h any w1"], "line 3: 'w1' is a member already"),
        ([f"witness w1 {W1}", "group w1 any w1"], "the name 'w1' is taken"),
        (["group g all"], "line 1: write: group"),
        (["quorum w1"], "'w1' is no witness or group"),
        (["quorum"], "line 1: write: quorum"),
        (["quorum none\r"], "line 1: it has the byte 0x0d"),
    ],
)
def test_lines_that_are_refused(lines: list[str], wrong: str) -> None:
    """Each with its number and with what is wrong."""
    with pytest.raises(FormatError, match=wrong):
        parse_policy(policy_text([], *lines))


def test_what_may_stand_in_a_policy() -> None:
    """Comments, empty lines, tabs, names that are not UTF-8, a last line without its newline; 32 of each."""
    many = [Cosigner(f"w{number}.example").key for number in range(32)]
    text = policy_text([], "  # 见证人", "", "\t", *(f"\twitness  w{at}\t{key} " for at, key in enumerate(many)))
    text += b"group \xe4\xb8\xff any " + b" ".join(b"w%d" % at for at in range(32)) + b"\nquorum \xe4\xb8\xff"
    policy = parse_policy(text)
    assert len(policy.witnesses) == 32
    assert policy.groups[policy.quorum].needed == 1


def test_a_plain_signature_is_no_witness(sealed: Sealed) -> None:
    """A witness signs with a time."""
    with pytest.raises(FormatError, match="type 0x01"):
        parse_policy(policy_text([], f"witness w {sealed.signer.keys[0]}", "quorum w"))
