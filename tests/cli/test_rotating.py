"""`duban archive new-key` and `retire-key`: the keys of a ledger's archives change, and the policy follows."""

from pathlib import Path

import pytest

from events.seal import sm2
from events.seal.keys import SM2_SM3
from events.seal.policy import parse_policy
from events.seal.signers import KeyFile
from services.ingest.sealing.places import STREAMS, place_of
from tests.cli.terminal import run
from tests.events.seal.logs import ORIGIN


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return a directory with the keys of the three archives."""
    for stream in STREAMS:
        path = place_of(tmp_path / "archive", tmp_path / "keys", "zhanjiang", stream).key
        path.parent.mkdir(parents=True, exist_ok=True)
        KeyFile.make(path, f"{ORIGIN}/{stream}")
    return tmp_path / "keys"


def test_keys_are_rotated(keys: Path) -> None:
    """The policy has all of them, and retired ones stay in it: what they have signed is verified by it."""
    environment = {"DUBAN_KEYS": str(keys)}
    before = parse_policy(run("audit", "key", environment=environment).stdout.encode()).logs
    made = run("archive", "new-key", environment=environment)
    assert (made.returncode, "log: new key" in made.stdout, "restart ingest" in made.stderr) == (0, True, True)
    both = parse_policy(run("audit", "key", environment=environment).stdout.encode()).logs
    assert (set(before) < set(both), len(both)) == (True, 12)
    retired = run("archive", "retire-key", *(key.key_id.hex() for key in before), environment=environment)
    assert (retired.returncode, retired.stdout.count("retired")) == (0, 6), retired.stderr
    after = run("audit", "key", environment=environment).stdout
    assert set(parse_policy(after.encode()).logs) == set(both)
    again = run("archive", "retire-key", before[0].key_id.hex(), environment=environment)
    assert (again.returncode, "no key of zhanjiang that signs" in again.stderr) == (2, True)
    last = KeyFile.load(keys / "zhanjiang/log.key").keys[0].key_id.hex()
    refused = run("archive", "retire-key", last, environment=environment)
    assert (refused.returncode, "without a key of each kind" in " ".join(refused.stderr.split())) == (2, True)


@pytest.mark.skipif(not sm2.HAS_SM2, reason="the extra `sm` is not installed")
def test_a_key_of_sm2(keys: Path) -> None:
    """Other programs read the policy without it; with --sm2 it is for duban."""
    environment = {"DUBAN_KEYS": str(keys)}
    assert run("archive", "new-key", "--sm2", environment=environment).returncode == 0
    shown = run("audit", "key", environment=environment).stdout
    assert (len(parse_policy(shown.encode()).logs), shown.count("# SM2/SM3, only for duban: log ")) == (6, 3)
    known = parse_policy(run("audit", "key", "--sm2", environment=environment).stdout.encode()).logs
    assert [key.type for key in known].count(SM2_SM3) == 3
