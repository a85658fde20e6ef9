"""Replacing a file in one step."""

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


def replace_file(path: Path, parts: Iterable[bytes], mode: int, *, check: Callable[[], object] = lambda: None) -> None:
    """Write a file through a draft next to it, on disk before it replaces the file: a crash leaves the old or the new.

    `check` is called last before that; what it raises leaves the file as it was.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent)  # a new file, mode 0600
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(mode)
        check()
        draft.replace(path)
    except BaseException:
        draft.unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
