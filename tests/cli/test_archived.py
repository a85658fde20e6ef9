"""`audit verify --archive`: every kind of tampering with a sealed ledger is found without its server, and named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from events.entries import stored
from events.keys import key
from events.log import Log
from events.recorded_rules import read_rules, read_texts
from events.seal.policy import parse_policy
from events.seal.tiles import bundle_of
from services.cli.archived.archives import Archives, PresentRules
from services.cli.archived.verifying import Verified, verify_archives
from services.cli.checks.finding import TreeHead
from services.cli.fsck.files import DirectoryFiles
from tests.cli.terminal import run
from tests.cli.test_decisions import FORGED, Edit, at, lived
from tests.events.seal.logs import ORIGIN, Cosigner, Sealed, policy_text
from tests.examples import reported, store
from tests.ingest.running_writer import LEDGER, NAME

__all__ = ["lived"]


class SealedLedger:
    """A ledger that was sealed: its entries, and the directory with its archives."""

    def __init__(self, base: Path, log: list[bytes], rules: list[bytes], texts: dict[str, bytes]) -> None:
        self.base, self.log, self.rules, self.texts = base, log, rules, texts
        self.keys = base / "keys"

    def seal(self, log: list[bytes] | None = None, keys: str = "keys") -> None:
        """Seal the log, or another one in its place, and the rules; with keys of another name, with others."""
        for stream, entries in (("log", log if log is not None else self.log), ("rules", self.rules)):
            self.grow(stream, entries, keys)
        for sha256, text in self.texts.items():
            (self.base / "rules" / sha256).write_bytes(text)

    def grow(self, stream: str, entries: list[bytes], keys: str = "keys") -> None:
        """Seal more entries of a stream."""
        sealed = Sealed(self.base / keys / stream, ORIGIN if stream == "log" else f"{ORIGIN}/rules")
        sealed.root = self.base / stream
        sealed.grow(entries)

    def reseal(self, log: list[bytes]) -> None:
        """Seal another history with the right keys, as who has them and forgets what was signed."""
        for stream in ("log", "rules"):
            for path in sorted((self.base / stream).rglob("*"), reverse=True):
                path.unlink() if path.is_file() else path.rmdir()
            (self.base / "keys" / stream / "signed").unlink()
        self.seal(log)

    def policy(self) -> bytes:
        """Return the policy file that trusts the first keys."""
        keys = [Sealed(self.base / "keys" / stream, "").signer.keys for stream in ("log", "rules")]
        return policy_text([one for two in keys for one in two], "quorum none")

    async def verify(self, since: TreeHead | None = None) -> Verified:
        """Verify as the command does."""
        archives = Archives(*(DirectoryFiles(self.base / stream) for stream in ("log", "rules", "record")))
        return await verify_archives(archives, parse_policy(self.policy()), PresentRules(LEDGER), since, lambda _: None)

    async def findings(self, since: TreeHead | None = None) -> list[str]:
        verified = await self.verify(since)
        return [f"{one.check} {one.where}: {one.detail}" for one in verified.findings]

    def bundle(self) -> Path:
        """Return the file that has the entries."""
        (path,) = (self.base / "log/tile/entries").rglob("*.p/*")
        return path


@pytest_asyncio.fixture
async def sealed(redis: Any, lived: None, tmp_path: Path) -> SealedLedger:
    """Return the ledger of a year, sealed."""
    log = [entry.raw for entry in await Log(redis, NAME).read(0)]
    rules = [entry.raw for entry in stored(await redis.xrange(key(NAME, "rules")))]
    hashes = [entry.sha256 for entry in await read_rules(redis, NAME)]
    texts = dict(zip(hashes, await read_texts(redis, NAME, hashes), strict=True))
    ledger = SealedLedger(tmp_path / "archive", log, rules, {name: text for name, text in texts.items() if text})
    ledger.seal()
    return ledger


async def test_an_untouched_archive_is_right(sealed: SealedLedger) -> None:
    """By the rules of each position; an earlier head is its beginning; nothing was left to today's rules."""
    first = await sealed.verify()
    assert first.findings == []
    assert len(first.rules.entries) == 3
    head = TreeHead(len(sealed.log), first.trusted.checkpoint.root.hex())
    sealed.grow("log", [store(reported("late", 99, time=at(150)), at(150).isoformat())])
    grown = await sealed.verify(head)
    assert (grown.findings, grown.trusted.checkpoint.size) == ([], len(sealed.log) + 1)


async def test_a_ledger_that_no_witness_cosigned_is_weaker(sealed: SealedLedger) -> None:
    """By a policy with a quorum; the entries are decided again all the same."""
    witness = Cosigner("w.example").key
    policy = parse_policy(sealed.policy().replace(b"quorum none", f"witness w {witness}\nquorum w".encode()))
    archives = Archives(*(DirectoryFiles(sealed.base / stream) for stream in ("log", "rules", "record")))
    found = (await verify_archives(archives, policy, PresentRules(LEDGER), None, lambda _: None)).findings
    assert [one.check for one in found] == ["witnesses", "rules"]
    assert all("w has not cosigned" in one.detail for one in found)


def byte(raws: list[bytes]) -> None:
    raws[2] = raws[2].replace(b'"summary"', b'"summarx"')


def swap(raws: list[bytes]) -> None:
    raws[3], raws[4] = raws[4], raws[3]


def later(raws: list[bytes]) -> None:
    raws[3] = raws[3].replace(b'"recordedtime":"2018', b'"recordedtime":"2030')


def twice(raws: list[bytes]) -> None:
    raws.append(raws[3])


def sender(raws: list[bytes]) -> None:
    raws[2] = raws[2].replace(b'"authid":"units"', b'"authid":"office"')


TAMPERED: dict[str, tuple[str, Callable[[list[bytes]], object]]] = {
    "a byte": ("archive 3: ", byte),
    "two entries swapped": ("archive 4: ", swap),
    "one removed": ("entries instead of", lambda raws: raws.pop(3)),
    "the tail cut off": ("entries instead of", lambda raws: raws.pop()),
}


@pytest.mark.parametrize("what", TAMPERED)
async def test_entries_that_were_changed_are_named(sealed: SealedLedger, what: str) -> None:
    """In the files of the archive, by who has no key."""
    told, edit = TAMPERED[what]
    raws = list(sealed.log)
    edit(raws)
    sealed.bundle().write_bytes(bundle_of(raws))
    found = await sealed.findings()
    assert told in found[0]
    assert all(one.startswith("archive ") for one in found)


async def test_a_history_signed_by_another_key_is_not_trusted(sealed: SealedLedger, tmp_path: Path) -> None:
    """Whatever it says."""
    for stream in ("log", "rules"):
        (sealed.base / stream).rename(tmp_path / stream)
    sealed.seal(sealed.log, keys="others")
    (tmp_path / "policy").write_bytes(sealed.policy())
    done = run("audit", "verify", "--archive", str(sealed.base), "--policy", str(tmp_path / "policy"))
    assert (done.returncode, "no key of the policy for the log" in done.stderr) == (1, True), done.stderr


@pytest.mark.parametrize("edit", [byte, swap, later, twice, sender, *(edit for _, edit in FORGED.values())])
async def test_what_the_right_key_signed_is_found_all_the_same(sealed: SealedLedger, edit: Edit) -> None:
    """By what was not acceptable, and whatever was changed by a head that somebody has noted."""
    head = (await sealed.verify()).trusted.checkpoint
    raws = list(sealed.log)
    edit(raws)
    sealed.reseal(raws)
    rewritten = raws[: len(sealed.log)] != sealed.log
    noted = await sealed.findings(TreeHead(head.size, head.root.hex()))
    assert any(one.startswith("archive ") for one in noted) == rewritten, noted
    assert await sealed.findings(), "it could be accepted"


async def test_rules_that_were_changed_are_found(sealed: SealedLedger) -> None:
    """A text, its absence, the archive of rules itself."""
    name = next(iter(sealed.texts))
    path = sealed.base / "rules" / name
    path.write_bytes(sealed.texts[name] + b" ")
    assert "has the hash" in (await sealed.findings())[0]
    path.unlink()
    assert "is missing" in (await sealed.findings())[0]
    path.write_bytes(sealed.texts[name])
    assert await sealed.findings() == []
    checkpoint = sealed.base / "rules" / "checkpoint"
    checkpoint.write_bytes((sealed.base / "log" / "checkpoint").read_bytes())
    assert (await sealed.findings())[0].startswith("rules : the archive of the rules is that of")


async def test_a_log_without_rules_is_decided_by_the_present_ones(sealed: SealedLedger, tmp_path: Path) -> None:
    """As from before they were recorded; the command says so, and what they would not have accepted."""
    (sealed.base / "rules").rename(tmp_path / "rules")
    (tmp_path / "policy").write_bytes(sealed.policy())
    done = run("audit", "verify", "--archive", str(sealed.base), "--policy", str(tmp_path / "policy"), "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["position"]) == (1, len(sealed.log))
    lacking = f"positions 1 to {len(sealed.log)}"
    decided, alerts = found["notes"]
    assert decided == f"no rules are on record for {lacking}: decided by the present ones"
    assert alerts == "alerts were not looked at: there is no archive of the record"
    assert all("by the present rules" in one["detail"] for one in found["findings"])


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    """With what was expected where."""
    (tmp_path / "policy").write_bytes(policy_text(Sealed(tmp_path / "keys").signer.keys, "quorum none"))
    done = run("audit", "verify", "--archive", str(tmp_path), "--policy", str(tmp_path / "policy"))
    assert (done.returncode, "there is no file 'checkpoint'" in done.stderr) == (1, True)
    assert run("audit", "verify", "--archive", str(tmp_path)).returncode == 2
