"""Where archives are kept: in a directory, or in a bucket."""

from pathlib import Path
from typing import TypeAlias

from events.seal.bucket import BucketStorage, BucketUrl, bucket_url
from events.seal.storage import ArchiveStorage, DirectoryStorage

ArchiveRoot: TypeAlias = Path | BucketUrl
"""Both take `/` and have a `name`."""


def root_of(text: str) -> ArchiveRoot:
    """Read a directory's path or a bucket's URL; raises ValueError for other URLs."""
    return bucket_url(text) if "://" in text else Path(text)


def storage_of(root: ArchiveRoot) -> ArchiveStorage:
    """Return the storage at a place."""
    return BucketStorage(root) if isinstance(root, BucketUrl) else DirectoryStorage(root)
