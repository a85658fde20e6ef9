"""Files that are on disk when a function returns."""

import os
from contextlib import suppress
from pathlib import Path


def write(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a file to disk, in place: a crash can leave a part of it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def replace(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Replace a file's content as a whole."""
    temporary = path.with_name(f".{path.name}.new")
    write(temporary, data, mode)
    temporary.replace(path)
    sync(path.parent)


def create(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Create a file as a whole; raises FileExistsError if there is one."""
    temporary = path.with_name(f".{path.name}.new")
    write(temporary, data, mode)
    try:
        os.link(temporary, path)  # unlike a rename, it fails if the name is taken
    finally:
        temporary.unlink()
    sync(path.parent)


def make(folder: Path) -> None:
    """Create a folder and those above it."""
    if not folder.is_dir():
        make(folder.parent)
        with suppress(FileExistsError):
            folder.mkdir()
        sync(folder.parent)


def sync(folder: Path) -> None:
    """Bring the names in a folder to disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
