"""Archives: signatures that contradict earlier ones, checkpoints of others, key rotation, refused files."""

from pathlib import Path

import pytest

from events.seal.archive import Archive
from events.seal.errors import ArchiveError, FormatError, SigningError, StorageConflictError
from events.seal.keys import ED25519, ML_DSA_44
from events.seal.merkle import EMPTY
from events.seal.notes import parse_note
from events.seal.signers import KeyFile
from events.seal.signing_state import SigningState
from events.seal.storage import DirectoryStorage
from tests.events.seal.logs import NOW, ORIGIN, Cosigner, Sealed, entries, files


@pytest.fixture
def sealed(tmp_path: Path) -> Sealed:
    """Return a log without an archive."""
    return Sealed(tmp_path)


def test_an_empty_log_has_an_archive(sealed: Sealed) -> None:
    """Its checkpoint is that of the empty tree; there are no tiles."""
    sealed.grow([])
    assert set(files(sealed.root)) == {"checkpoint"}
    published = sealed.open().published
    assert published is not None
    assert (published.origin, published.size, published.root) == (ORIGIN, 0, EMPTY)


def test_a_checkpoint_has_a_signature_of_each_kind(sealed: Sealed) -> None:
    """Ed25519 over the text, and ML-DSA-44 with the time; both keys have the origin as their name."""
    data = sealed.grow(entries(1))
    assert [key.type for key in sealed.signer.keys] == [ED25519, ML_DSA_44]
    assert [line.name for line in parse_note(data).signatures] == [ORIGIN, ORIGIN]
    assert sealed.policy.check(data).checkpoint.size == 1


def test_partial_tiles_go_once_the_full_one_exists(sealed: Sealed) -> None:
    """Those of published sizes stay until then."""
    for size in (100, 150, 200):
        sealed.grow(entries(50 if size > 100 else 100, size - (50 if size > 100 else 100)))
    assert sorted(name for name in files(sealed.root) if ".p/" in name) == sorted(
        f"tile/{level}/000.p/{size}" for level in ("0", "entries") for size in (100, 150, 200)
    )
    sealed.grow(entries(60, 200))
    assert sorted(files(sealed.root)) == [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/4",
    ]


def test_a_fresh_time_needs_no_new_entries(sealed: Sealed) -> None:
    """The same checkpoint is signed again, later."""
    sealed.grow(entries(3))
    before = files(sealed.root)
    sealed.grow([], NOW + 86_400)
    after = files(sealed.root)
    assert before.pop("checkpoint") != after.pop("checkpoint")
    assert before == after


def test_nothing_smaller_is_signed(sealed: Sealed, tmp_path: Path) -> None:
    """An archive that was restored from a backup, or lost, has to grow to what was signed first."""
    sealed.grow(entries(300))
    backup = Sealed(tmp_path)
    backup.root = tmp_path / "restored"
    with pytest.raises(
        SigningError, match="of 300 entries was signed, so none of 200 is: entries 201 to 300 are missing"
    ):
        backup.grow(entries(200))
    assert backup.open().size == 0
    backup.grow(entries(310))
    assert backup.open().size == 310


def test_nothing_other_is_signed(sealed: Sealed, tmp_path: Path) -> None:
    """Neither at the same size, nor with more entries after others than the signed ones."""
    sealed.grow(entries(300))
    fork = Sealed(tmp_path)
    fork.root = tmp_path / "fork"
    for more in (entries(300, 1), entries(400, 1)):
        with pytest.raises(SigningError, match="another head was signed for the first 300 entries"):
            fork.grow(more)
    assert files(fork.root).get("checkpoint") is None


def test_the_state_is_on_disk_before_a_signature(sealed: Sealed) -> None:
    """A signature that was made is never unknown, also if nobody saw it."""
    seen = []

    class Watching:
        keys = sealed.signer.keys

        def sign(self, checkpoint: object, now: int) -> tuple[()]:
            seen.append((sealed.state.last(), checkpoint))
            assert now == NOW
            return ()

    archive = Archive.open(DirectoryStorage(sealed.root), Watching(), sealed.state)
    archive.append(entries(5))
    archive.sign(NOW)
    ((state, signed),) = seen
    assert state == signed


def test_a_state_that_was_lost_is_taken_from_the_archive(sealed: Sealed, tmp_path: Path) -> None:
    """And one that was restored from a backup catches up with it."""
    sealed.grow(entries(10))
    old = (tmp_path / "signed").read_bytes()
    sealed.grow(entries(10, 10))
    (tmp_path / "signed").unlink()
    sealed.open()
    assert sealed.state.last() == sealed.open().published
    (tmp_path / "signed").write_bytes(old)
    sealed.open()
    assert sealed.state.last() == sealed.open().published
    for damaged, wrong in ((b"damaged\n", "at least three lines"), (b"\xff", "signed is not UTF-8 at byte 0")):
        (tmp_path / "signed").write_bytes(damaged)
        with pytest.raises(FormatError, match=wrong):
            sealed.open()


def test_an_archive_of_another_past_is_not_continued(sealed: Sealed, tmp_path: Path) -> None:
    """A published checkpoint that contradicts what was signed is found when the archive is opened."""
    sealed.grow(entries(10))
    fork = Sealed(tmp_path)
    fork.root, fork.state = tmp_path / "fork", SigningState(tmp_path / "other")
    fork.grow(entries(20, 1))
    with pytest.raises(SigningError, match="another head was signed"):
        Archive.open(DirectoryStorage(fork.root), sealed.signer, sealed.state)
    other = SigningState(tmp_path / "of-another-log")
    (tmp_path / "of-another-log").write_text(f"other.example\n0\n{'47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='}\n")
    with pytest.raises(SigningError, match=r"is of the log 'other\.example'"):
        Archive.open(DirectoryStorage(sealed.root), sealed.signer, other)


def test_an_archive_of_another_key_is_not_continued(sealed: Sealed, tmp_path: Path) -> None:
    """Unless the key is an earlier one: after a rotation both keys have signed the same log."""
    sealed.grow(entries(10))
    new = KeyFile.make(tmp_path / "new.key", ORIGIN)
    storage = DirectoryStorage(sealed.root)
    with pytest.raises(ArchiveError, match=f"no signature of {ORIGIN!r}"):
        Archive.open(storage, new, sealed.state)
    with pytest.raises(ArchiveError, match="no signature of 'other'"):
        Archive.open(storage, KeyFile.make(tmp_path / "other.key", "other"), sealed.state)
    rotated = Archive.open(storage, new, sealed.state, sealed.signer.keys)
    rotated.append(entries(10, 10))
    rotated.publish(rotated.sign(NOW))
    assert Archive.open(storage, new, sealed.state).size == 20


def test_a_damaged_archive_is_not_continued(sealed: Sealed) -> None:
    """Missing or changed tiles of the right edge, or a checkpoint that is none."""
    data = sealed.grow(entries(10))
    bundle, tile = sealed.root / "tile/entries/000.p/10", sealed.root / "tile/0/000.p/10"
    content, hashes = bundle.read_bytes(), tile.read_bytes()
    bundle.unlink()
    with pytest.raises(ArchiveError, match=r"tile/entries/000\.p/10 is missing"):
        sealed.open()
    bundle.write_bytes(content[:-1] + b"x")
    with pytest.raises(ArchiveError, match="other entries than the tile"):
        sealed.open()
    bundle.write_bytes(content)
    other = Sealed(sealed.root.parent / "other")
    other.grow(entries(10, 1))
    tile.write_bytes((other.root / "tile/0/000.p/10").read_bytes())
    bundle.write_bytes((other.root / "tile/entries/000.p/10").read_bytes())
    with pytest.raises(ArchiveError, match="have another head than its checkpoint"):
        sealed.open()
    tile.write_bytes(hashes)
    bundle.write_bytes(content)
    (sealed.root / "checkpoint").write_bytes(data.replace(b"\n10\n", b"\n11\n"))
    with pytest.raises(ArchiveError, match="does not verify"):
        sealed.open()
    (sealed.root / "checkpoint").write_bytes(data[:50])
    with pytest.raises(ArchiveError, match="the note has no signatures"):
        sealed.open()


def test_a_file_is_never_replaced_by_another(sealed: Sealed) -> None:
    """Tiles of another past, which nobody has signed yet, stop sealing instead of being overwritten."""
    archive = sealed.open()
    archive.append(entries(300, 1))
    archive.sign(NOW)
    (sealed.root.parent / "signed").unlink()
    with pytest.raises(StorageConflictError, match="exists with other bytes"):
        sealed.grow(entries(300))


def test_one_process_at_a_time_publishes(sealed: Sealed) -> None:
    """The other one finds that its checkpoint was replaced; so does one that publishes an older signature."""
    first, second = sealed.open(), sealed.open()
    for archive, size in ((first, 5), (second, 8)):
        archive.append(entries(size))
    small, note = first.sign(NOW), second.sign(NOW)
    second.publish(note)
    with pytest.raises(StorageConflictError, match="another process has published"):
        first.publish(small)
    with pytest.raises(ArchiveError, match="a checkpoint of 8 entries is published; one of 5 is older"):
        second.publish(small)


def test_a_checkpoint_that_is_gone_is_not_made_again(sealed: Sealed) -> None:
    """Somebody has removed it: that is not what this process has published."""
    sealed.grow(entries(3))
    archive = sealed.open()
    (sealed.root / "checkpoint").unlink()
    archive.append(entries(2, 3))
    with pytest.raises(StorageConflictError, match="another process has published"):
        archive.publish(archive.sign(NOW))


def test_entries_may_come_between_signing_and_publishing(sealed: Sealed) -> None:
    """While witnesses cosign; their lines are published with the checkpoint."""
    witness = Cosigner("witness.example")
    archive = sealed.open()
    archive.append(entries(300))
    note = archive.sign(NOW)
    archive.append(entries(300, 300))
    archive.publish(note.adding([witness.cosign(note)]))
    assert (archive.size, archive.published and archive.published.size) == (600, 300)
    assert sealed.open().size == 300
    archive.publish(archive.sign(NOW))
    assert sealed.open().size == 600


def test_a_storage_reports_what_it_cannot_do(tmp_path: Path) -> None:
    """Files with other bytes, a checkpoint that is another one; equal bytes are accepted."""
    storage = DirectoryStorage(tmp_path / "a" / "b")
    storage.create({"tile/0/000": b"1"})
    storage.create({"tile/0/000": b"1", "tile/0/001": b"2"})
    with pytest.raises(StorageConflictError, match="tile/0/000 exists with other bytes"):
        storage.create({"tile/0/000": b"2"})
    storage.swap("checkpoint", None, b"1")
    with pytest.raises(StorageConflictError, match="was replaced by another process"):
        storage.swap("checkpoint", None, b"2")
    storage.swap("checkpoint", b"1", b"2")
    assert (storage.read("checkpoint"), storage.read("tile/0/000/x"), storage.read("none")) == (b"2", None, None)
    assert sorted(files(tmp_path / "a" / "b")) == ["checkpoint", "tile/0/000", "tile/0/001"]
