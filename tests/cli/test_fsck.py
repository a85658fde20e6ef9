"""`duban audit fsck` and `check-proof`: what is wrong with an archive is found and named by its first position."""

import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.seal.checkpoint import LogCheckpoint
from events.seal.errors import PolicyError, SignatureError
from events.seal.log_proof import LogProof
from events.seal.merkle import head_of, leaf_hash
from events.seal.notes import parse_note
from events.seal.proofs import inclusion_proof
from events.seal.signing_state import SigningState
from events.seal.tiles import bundle_of, entries_in, subtrees
from services.cli.fsck import check as check_module
from services.cli.fsck import files as files_module
from services.cli.fsck.check import check_archive
from services.cli.fsck.files import DirectoryFiles, HttpFiles
from services.cli.fsck.tree_check import Flaw
from tests.cli.archive_server import TOKEN, serving
from tests.cli.terminal import run
from tests.events.seal.logs import NOW, ORIGIN, Cosigner, Sealed, entries, files, policy_text

SIZE = 600
"""Two full tiles, and one of 88."""

BUNDLES = ["tile/entries/000", "tile/entries/001", "tile/entries/002.p/88"]

TILES = ["tile/0/000", "tile/0/001", "tile/0/002.p/88"]

REPLACED = "the first 500 entries are not those of the earlier checkpoint: one of them at least was replaced"


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """Return a log with checkpoints of 500 (kept as `earlier`) and 600 entries."""
    sealed = Sealed(tmp_path_factory.mktemp("log"))
    (sealed.root.parent / "earlier").write_bytes(sealed.grow(entries(500)))
    sealed.grow(entries(100, 500))
    (sealed.root.parent / "policy").write_bytes(policy_text(sealed.signer.keys, "quorum none"))
    return sealed


@pytest.fixture
def sealed(original: Sealed, tmp_path: Path) -> Sealed:
    """Return a copy of it."""
    shutil.copytree(original.root.parent, tmp_path / "log")
    return Sealed(tmp_path / "log")


def flaws(sealed: Sealed, *, since: bool = False) -> list[Flaw]:
    """Check the archive; the checkpoint has to be trusted."""
    checkpoint = sealed.policy.check((sealed.root / "checkpoint").read_bytes()).checkpoint
    return check_archive(
        DirectoryFiles(sealed.root), checkpoint, lambda _: None, earlier(sealed) if since else None
    ).flaws


def earlier(sealed: Sealed) -> LogCheckpoint:
    """Return the checkpoint that was saved earlier."""
    return sealed.policy.check((sealed.root.parent / "earlier").read_bytes()).checkpoint


def change(path: Path, *changes: Callable[[list[bytes]], None]) -> None:
    """Change the entries of a bundle."""
    some = entries_in(path.read_bytes())
    for one in changes:
        one(some)
    path.write_bytes(bundle_of(some))


def put(path: Path, offset: int, data: bytes) -> None:
    """Overwrite bytes of a file."""
    content = path.read_bytes()
    path.write_bytes(content[:offset] + data + content[offset + len(data) :])


def test_an_archive_as_it_was_sealed_has_no_flaws(original: Sealed) -> None:
    """Also when it is compared with an earlier checkpoint."""
    checkpoint = original.policy.check((original.root / "checkpoint").read_bytes()).checkpoint
    seen: list[int] = []
    checked = check_archive(DirectoryFiles(original.root), checkpoint, seen.append, earlier(original))
    assert (checked.entries, checked.flaws, seen) == (SIZE, [], [SIZE])


@pytest.mark.parametrize("index", [0, 255, 256, 511, 512, 599])
def test_a_byte_of_an_entry(sealed: Sealed, index: int) -> None:
    """It is named, the only flaw."""
    path = sealed.root / BUNDLES[index // 256]
    change(path, lambda some: some.__setitem__(index % 256, some[index % 256].replace(b'"id"', b'"iD"')))
    assert flaws(sealed) == [Flaw(index + 1, "the entry is not the one that was sealed")]


def test_two_entries_swapped(sealed: Sealed) -> None:
    """Within a bundle the first is named, of two bundles both."""

    def swap(some: list[bytes]) -> None:
        some[10], some[20] = some[20], some[10]

    change(sealed.root / BUNDLES[0], swap)
    assert flaws(sealed) == [Flaw(11, "the entry is not the one that was sealed")]
    change(sealed.root / BUNDLES[0], swap, lambda some: some.__setitem__(10, entries(1, 300)[0]))
    change(sealed.root / BUNDLES[1], lambda some: some.__setitem__(300 - 256, entries(1, 10)[0]))
    assert [flaw.position for flaw in flaws(sealed)] == [11, 301]


@pytest.mark.parametrize("index", [0, 100, 300, 550, 599])
def test_an_entry_removed(sealed: Sealed, index: int) -> None:
    """Its position is where the bundle differs first."""
    change(sealed.root / BUNDLES[index // 256], lambda some: some.__delitem__(index % 256))
    (flaw,) = flaws(sealed)
    assert flaw.position == index + 1
    assert "entries instead of" in flaw.detail


@pytest.mark.parametrize(("bundle", "position"), [(BUNDLES[0], 257), (BUNDLES[2], 601)])
def test_an_entry_too_many(sealed: Sealed, bundle: str, position: int) -> None:
    """The first one that the tile does not have is named, also beyond the checkpoint."""
    change(sealed.root / bundle, lambda some: some.append(b"forged"))
    (flaw,) = flaws(sealed)
    assert flaw.position == position
    assert "entries instead of" in flaw.detail


@pytest.mark.parametrize(("tile", "position"), [(TILES[0], 1), (TILES[2], 513), ("tile/1/000.p/2", 1)])
def test_a_hash_too_many(sealed: Sealed, tile: str, position: int) -> None:
    """A tile has exactly as many hashes as its name tells."""
    path = sealed.root / tile
    path.write_bytes(path.read_bytes() + bytes(32))
    (flaw,) = flaws(sealed)
    assert flaw.position == position
    assert f"{tile} has " in flaw.detail


def test_the_tail_cut_off(sealed: Sealed, tmp_path: Path) -> None:
    """Files that are gone; or an older checkpoint in its place, which a later one that was saved shows."""
    saved = (sealed.root / "checkpoint").read_bytes()
    for name in (BUNDLES[2], TILES[2]):
        (sealed.root / name).unlink()
    assert flaws(sealed) == [Flaw(513, f"{BUNDLES[2]} is missing; {TILES[2]} is missing")]
    short = Sealed(tmp_path / "short")
    short.signer = sealed.signer
    short.grow(entries(500))
    assert flaws(short) == []
    (short.root.parent / "earlier").write_bytes(saved)
    (flaw,) = flaws(short, since=True)
    assert flaw == Flaw(501, "the earlier checkpoint has 600 entries, the archive ends after 500")


@pytest.mark.parametrize(("name", "hash", "position"), [(TILES[0], 7, 8), (TILES[1], 255, 512), (TILES[2], 80, 593)])
def test_a_hash_of_a_tile(sealed: Sealed, name: str, hash: int, position: int) -> None:
    """The entries are right: the tile is wrong."""
    put(sealed.root / name, hash * 32, bytes(32))
    (flaw,) = flaws(sealed)
    assert flaw.position == position
    assert "the entry is the one that was sealed, but its hash in tile/0/00" in flaw.detail


def test_a_hash_of_a_tile_above(sealed: Sealed) -> None:
    """All below is right."""
    put(sealed.root / "tile/1/000.p/2", 32, bytes(32))
    assert flaws(sealed) == [Flaw(257, "tile/1/000 has another hash for positions 257 to 512: the tile is wrong")]
    (sealed.root / "tile/1/000.p/2").unlink()
    assert flaws(sealed) == [Flaw(1, "tile/1/000.p/2 is missing")]


def test_an_entry_replaced_together_with_its_hash(sealed: Sealed) -> None:
    """The tile above names its 256 positions."""
    change(sealed.root / BUNDLES[1], lambda some: some.__setitem__(4, b"forged"))
    put(sealed.root / TILES[1], 4 * 32, leaf_hash(b"forged"))
    (flaw,) = flaws(sealed)
    assert flaw.position == 257
    assert "these entries were replaced together with their hashes" in flaw.detail


def test_an_entry_and_a_hash_of_different_tiles(sealed: Sealed) -> None:
    """Each is judged by the tile above it."""
    change(sealed.root / BUNDLES[0], lambda some: some.__setitem__(4, b"forged"))
    put(sealed.root / TILES[1], 4 * 32, bytes(32))
    first, second = flaws(sealed)
    assert first == Flaw(5, "the entry is not the one that was sealed")
    assert second.position == 261
    assert "its hash in tile/0/001 is another" in second.detail


def test_files_that_are_none(sealed: Sealed) -> None:
    """Torn bundles and tiles are named with what is wrong with them."""
    path = sealed.root / BUNDLES[1]
    path.write_bytes(path.read_bytes()[:-3])
    (flaw,) = flaws(sealed)
    assert flaw == Flaw(257, f"{BUNDLES[1]}: the bundle ends inside entry 255 of it")
    path.write_bytes(b"\x1f\x8b\x08 is not compressed")
    assert "neither a bundle nor compressed" in flaws(sealed)[0].detail
    (sealed.root / TILES[0]).write_bytes(bytes(33))
    assert [flaw.position for flaw in flaws(sealed)] == [1, 257]


def forged(sealed: Sealed, name: str, changed: list[bytes]) -> Sealed:
    """Seal another history by the same key, without its state."""
    other = Sealed(sealed.root.parent / name)
    other.signer, other.state = sealed.signer, SigningState(other.root.parent / "none")
    other.grow(changed)
    shutil.copy(sealed.root.parent / "earlier", other.root.parent / "earlier")
    return other


def test_history_rewritten_by_another_key(sealed: Sealed) -> None:
    """The policy does not trust it."""
    other = Sealed(sealed.root.parent / "other")
    other.grow([b"forged", *entries(SIZE - 1, 1)])
    with pytest.raises(PolicyError, match="no key of the policy for the log"):
        sealed.policy.check((other.root / "checkpoint").read_bytes())
    other.signer = sealed.signer
    shutil.copy(sealed.root / "checkpoint", other.root / "checkpoint")
    (flaw,) = flaws(other)
    assert flaw.position is None
    assert "entries and tiles agree with each other, but not with the checkpoint" in flaw.detail


def test_history_rewritten_by_the_right_key(sealed: Sealed) -> None:
    """The archive is consistent with itself; a checkpoint that was saved earlier shows it."""
    other = forged(sealed, "a", [*entries(400), b"forged", *entries(SIZE - 401, 401)])
    assert flaws(other) == []
    assert flaws(other, since=True) == [Flaw(None, REPLACED)]
    later = forged(sealed, "b", [*entries(550), b"forged", *entries(SIZE - 551, 551)])
    assert flaws(later, since=True) == []  # nobody had saved a checkpoint of these


@pytest.mark.parametrize(
    ("name", "hash"), [(TILES[0], 7), (TILES[1], 100), (TILES[1], 255), (TILES[2], 80), ("tile/1/000.p/2", 0)]
)
@pytest.mark.parametrize("size", [256, 500, 599, 600])
def test_a_damaged_tile_replaces_no_entry(sealed: Sealed, name: str, hash: int, size: int) -> None:
    """An earlier checkpoint is compared, or cannot be; it is never said to be of other entries."""
    put(sealed.root / name, hash * 32, bytes(32))
    saved = LogCheckpoint(ORIGIN, size, head_of(list(map(leaf_hash, entries(size)))))
    checkpoint = sealed.policy.check((sealed.root / "checkpoint").read_bytes()).checkpoint
    first, *more = check_archive(DirectoryFiles(sealed.root), checkpoint, lambda _: None, saved).flaws
    assert first.position is not None
    damaged = [
        Flaw(None, f"the earlier checkpoint cannot be compared: tiles {place} are damaged")
        for place in ("that this needs", f"after entry {size}")
    ]
    assert more == [] or more[0] in damaged
    if size == 500 and name == TILES[1]:
        assert more == [damaged[hash == 255]]
    (sealed.root / name).unlink()
    missing = check_archive(DirectoryFiles(sealed.root), checkpoint, lambda _: None, saved).flaws[1:]
    assert [flaw.detail.partition(" is missing")[0] for flaw in missing] in (
        [],
        [f"the earlier checkpoint cannot be compared: {name}"],
    )


@pytest.mark.parametrize("size", [256, 500, 600])
def test_replaced_entries_are_found_next_to_a_damaged_tile(sealed: Sealed, size: int) -> None:
    """What the comparison needs is verified against the signed head."""
    put(sealed.root / TILES[0], 7 * 32, bytes(32))
    checkpoint = sealed.policy.check((sealed.root / "checkpoint").read_bytes()).checkpoint
    saved = LogCheckpoint(ORIGIN, size, bytes(32))
    flaw = check_archive(DirectoryFiles(sealed.root), checkpoint, lambda _: None, saved).flaws[-1]
    assert flaw == Flaw(None, REPLACED.replace("500", str(size)))


def test_a_changed_checkpoint(sealed: Sealed) -> None:
    """Its text is signed."""
    note = parse_note((sealed.root / "checkpoint").read_bytes())
    changed = note._replace(text=note.text.replace(f"\n{SIZE}\n", f"\n{SIZE - 1}\n"))
    with pytest.raises(SignatureError, match="does not verify"):
        sealed.policy.check(changed.encode())


@given(st.data())
def test_any_changed_byte_is_found(
    original: Sealed, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """In any file but the partial tiles of an earlier checkpoint; in a bundle, at its entry or before."""
    names = sorted(name for name in files(original.root) if name in {*BUNDLES, *TILES, "tile/1/000.p/2"})
    name = data.draw(st.sampled_from(names))
    content = (original.root / name).read_bytes()
    offset = data.draw(st.integers(0, len(content) - 1))
    wrong = content[:offset] + bytes([content[offset] ^ data.draw(st.integers(1, 255))]) + content[offset + 1 :]

    class Changed:
        def read(self, asked: str) -> bytes | None:
            return wrong if asked == name else DirectoryFiles(original.root).read(asked)

    checkpoint = original.policy.check((original.root / "checkpoint").read_bytes()).checkpoint
    found = check_archive(Changed(), checkpoint, lambda _: None).flaws
    assert found
    if name in BUNDLES:
        start = BUNDLES.index(name) * 256
        length, entry = 0, -1
        for some in entries_in(content):
            if length > offset:
                break
            length, entry = length + 2 + len(some), entry + 1
        assert found[0].position is not None
        assert start < found[0].position <= start + entry + 1


def test_a_large_archive_is_checked_by_several_processes(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the same result."""
    monkeypatch.setattr(check_module, "CHUNK", 1)
    monkeypatch.setattr(check_module, "FEWEST_CHUNKS", 2)
    monkeypatch.setattr(check_module, "processors", lambda: 2)
    change(sealed.root / BUNDLES[1], lambda some: some.__setitem__(4, b"forged"))
    assert [flaw.position for flaw in flaws(sealed)] == [261]


def test_the_processors_are_counted_on_any_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only Linux tells which of them a process may use."""
    assert 1 <= check_module.processors() <= (os.cpu_count() or 1)
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert check_module.processors() == os.cpu_count()


def test_a_witness_whose_name_is_not_text(sealed: Sealed) -> None:
    """A policy may call it anything; JSON shows its bytes as U+XXXX."""
    witness = Cosigner("witness.example")
    note = parse_note((sealed.root / "checkpoint").read_bytes())
    (sealed.root / "checkpoint").write_bytes(note.adding([witness.cosign(note, NOW)]).encode())
    policy = sealed.root.parent / "policy"
    policy.write_bytes(
        policy_text(sealed.signer.keys, f"witness NAME {witness.key}", "quorum NAME").replace(b"NAME", b"\xff")
    )
    done = run("audit", "fsck", str(sealed.root), "--policy", str(policy), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["witnesses"] == {"U+DCFF": "2023-11-14T22:13:20+00:00"}


def test_compressed_bundles_are_read(sealed: Sealed) -> None:
    """As some archives keep them on disk."""
    for name in BUNDLES:
        path = sealed.root / name
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert flaws(sealed) == []


def test_an_archive_over_http(sealed: Sealed, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a token, compressed bundles, and a file that cannot be read at first."""
    checkpoint = sealed.policy.check((sealed.root / "checkpoint").read_bytes()).checkpoint
    with serving(sealed.root, TILES[1]) as url:
        files = HttpFiles(url, TOKEN)
        assert check_archive(files, checkpoint, lambda _: None).flaws == []
        change(sealed.root / BUNDLES[2], lambda some: some.__setitem__(4, b"forged"))
        assert check_archive(files, checkpoint, lambda _: None).flaws == [
            Flaw(517, "the entry is not the one that was sealed")
        ]
        with pytest.raises(OSError, match="checkpoint answered 401"):
            HttpFiles(url).read("checkpoint")
    monkeypatch.setattr(files_module, "PATIENCE", (0.01,))
    with pytest.raises(OSError, match=f"{url}: checkpoint: .*refused"):
        HttpFiles(url, TOKEN).read("checkpoint")


def test_the_command(sealed: Sealed) -> None:
    """It exits 0 for an archive without flaws, 1 with the first position that is wrong, 2 for wrong usage."""
    folder = sealed.root.parent
    (folder / "token").write_text(f"{TOKEN}\n")
    policy = ("--policy", str(folder / "policy"))
    done = run("audit", "fsck", str(sealed.root), *policy, "--since", str(folder / "earlier"))
    assert done.returncode == 0, done.stderr
    assert f"{ORIGIN}: {SIZE} entries, head " in done.stdout
    assert f"{SIZE} entries" in done.stdout
    change(sealed.root / BUNDLES[0], lambda some: some.__setitem__(4, b"forged"))
    with serving(sealed.root) as url:
        done = run("audit", "fsck", url, "--key", str(sealed.signer.keys[0]), "--token-file", str(folder / "token"))
    assert done.returncode == 1
    assert "position 5: the entry is not the one that was sealed" in done.stdout
    done = run("audit", "fsck", str(sealed.root), *policy, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"] == [
        {"position": 5, "detail": "the entry is not the one that was sealed"}
    ]
    (folder / "earlier").write_bytes(
        (forged(sealed, "forged", [b"forged", *entries(SIZE - 2, 1)]).root / "checkpoint").read_bytes()
    )
    done = run("audit", "fsck", str(sealed.root), *policy, "--since", str(folder / "earlier"))
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == REPLACED.replace("500", "599")
    done = run("audit", "fsck", str(sealed.root), "--key", str(Cosigner(ORIGIN).key))
    assert (done.returncode, done.stdout) == (1, "")
    assert "no key of the policy for the log" in done.stderr


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("fsck", "ARCHIVE"), "give one of --policy FILE and --key VKEY"),
        (("fsck", "ARCHIVE", "--key", "x"), "--key: 'x' is no verifier key"),
        (("fsck", "ARCHIVE", "--policy", "none"), "none cannot be read: No such file"),
        (
            ("fsck", "ARCHIVE", "--policy", "ARCHIVE/checkpoint"),
            "checkpoint: line 1: '4f2a.duban.invalid/zhanjiang' is",
        ),
        (("fsck", "ARCHIVE", "--policy", "POLICY", "--token-file", "none"), "--token-file is for a URL"),
        (("fsck", "http://[::1", "--policy", "POLICY"), "http://[::1 is not a URL: "),
        (("fsck", "http://", "--policy", "POLICY"), "http:// is not a URL: it names no host"),
        (("fsck", "http://[::1]", "--policy", "POLICY", "--token-file", "BYTES"), "bytes is not a token: it"),
        (("check-proof", "none", "--policy", "POLICY"), "none cannot be read: No such file"),
    ],
)
def test_wrong_usage(original: Sealed, words: tuple[str, ...], wrong: str) -> None:
    """Exit 2, and what would be right."""
    (original.root.parent / "bytes").write_bytes(b"\xff")
    places = {
        "ARCHIVE": str(original.root),
        "POLICY": str(original.root.parent / "policy"),
        "BYTES": str(original.root.parent / "bytes"),
    }
    for name, place in places.items():
        words = tuple(word.replace(name, place) for word in words)
    done = run("audit", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert wrong in done.stderr.replace("\n", " ")


def test_a_folder_without_an_archive(original: Sealed, tmp_path: Path) -> None:
    """The command names what it looks for."""
    done = run("audit", "fsck", str(tmp_path), "--policy", str(original.root.parent / "policy"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "has no file `checkpoint`" in done.stderr.replace("\n", " ")


def test_a_checkpoint_without_the_quorum_is_weaker(sealed: Sealed) -> None:
    """Everything else is checked, and the finding says who vouches for it; with the cosignature nothing is wrong."""
    witness = Cosigner("witness.example")
    file, policy = sealed.root / "checkpoint", sealed.root.parent / "policy"
    policy.write_bytes(policy_text(sealed.signer.keys, f"witness w {witness.key}", "quorum w"))
    words = ("audit", "fsck", str(sealed.root), "--policy", str(policy))
    done = run(*words)
    assert (done.returncode, f"{ORIGIN}: {SIZE} entries" in done.stdout) == (1, True), done.stderr
    assert "weaker: the quorum is not reached: w has not cosigned; the log's own key alone" in done.stdout
    assert json.loads(run(*words, "--json").stdout)["entries"] == SIZE
    note = parse_note(file.read_bytes())
    file.write_bytes(note.adding([witness.cosign(note)]).encode())
    done = run(*words)
    assert (done.returncode, "cosigned by w at" in done.stdout) == (0, True), done.stdout


def test_a_proof_is_checked_with_a_policy_alone(sealed: Sealed) -> None:
    """With the witnesses' times; a changed entry is not proved."""
    folder = sealed.root.parent
    witness = Cosigner("witness.example")
    policy = policy_text(sealed.signer.keys, f"witness w {witness.key}", "quorum w")
    (folder / "policy").write_bytes(policy)
    note = parse_note((sealed.root / "checkpoint").read_bytes())
    hashes = inclusion_proof(41, SIZE, subtrees(DirectoryFiles(sealed.root).read, SIZE))
    proof = LogProof(41, tuple(hashes), note.adding([witness.cosign(note, NOW)]).encode(), entries(1, 41)[0])
    path = folder / "42.tlog-proof"
    path.write_bytes(proof.encode())
    words = ("audit", "check-proof", str(path), "--policy", str(folder / "policy"))
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert "cosigned by w at 2023-11-14T22:13:20+00:00" in done.stdout
    assert "position 42: this entry is in the log" in done.stdout
    assert '{"id":"r-41"}' in done.stdout
    path.write_bytes(proof._replace(checkpoint=note.adding([witness.cosign(note, 0)]).encode()).encode())
    assert "cosigned by w without a time\n" in run(*words).stdout
    path.write_bytes(proof.encode())
    (folder / "entry").write_bytes(entries(1, 42)[0])
    done = run(*words, "--entry", str(folder / "entry"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "the entry is not number 42 of the 600 entries" in done.stderr
    path.write_bytes(LogProof(41, proof.hashes, proof.checkpoint).encode())
    done = run(*words)
    assert done.returncode == 2
    assert "give it with --entry FILE" in done.stderr
    path.write_bytes(note.encode())
    done = run(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the first line is" in done.stderr
    path.write_bytes(LogProof(41, proof.hashes, note.encode(), proof.extra).encode())
    done = run(*words)
    assert done.returncode == 1
    assert "the quorum is not reached: w has not cosigned" in done.stderr
