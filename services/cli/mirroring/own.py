"""Where a copy of archives lies, and that nobody else's files can be in it.

<DEST>/.duban-mirror     marks the directory or the prefix
<DEST>/<stream>/         the copy of an archive: `log`, `record` or `rules`
"""

from events.seal.bucket import BucketUrl, find
from events.seal.roots import ArchiveRoot
from services.ingest.owned import own_directory
from services.ingest.sealing.own_bucket import claim, probe

MARK = ".duban-mirror"


def own_copy(dest: ArchiveRoot) -> None:
    """Mark a place as that of a copy; raises SettingsError if it holds other files or cannot be used, and OSError."""
    if not isinstance(dest, BucketUrl):
        own_directory(dest, MARK, "DEST", "a copy that `duban archive mirror` has made")
        return
    if find(dest, MARK) is None:
        claim(dest, MARK, b"", "DEST", "a copy that `duban archive mirror` has made")
    probe(dest, "DEST")
