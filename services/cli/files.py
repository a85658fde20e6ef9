"""Files that commands write: a missing, empty or own file is replaced, any other is refused."""

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias

from services.common.replacing import replace_file
from services.common.settings import SettingsError

IsOwn: TypeAlias = Callable[[bytes], bool]
"""Whether a file's content shows that the command itself wrote it."""

PRIVATE_MODE = 0o600

PRIVATE_UMASK = 0o077
"""The umask of `duban up` and of the processes it starts: files hold tokens, secrets and the log."""

PUBLIC_MODE = 0o644
"""For files without secrets that another user has to read."""

SHARED_MODE = 0o666
"""For files whose readers the umask decides."""


def check(path: Path, what: str, is_own: IsOwn) -> None:
    """Raise SettingsError unless a file is missing, empty or `what`, which the command itself writes.

    Any link is refused: replacing it would lose the link, following it could overwrite a foreign file.
    """
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    if stat.S_ISLNK(status.st_mode):
        raise SettingsError(f"{path} is a symbolic link, to {path.readlink()}; nothing was written: name a file itself")
    if not stat.S_ISREG(status.st_mode):
        raise SettingsError(f"{path} is not a regular file; nothing was written: name another")
    if status.st_size and not is_own(path.read_bytes()):
        raise SettingsError(f"{path} is not {what}; nothing was written: move it away, or name another file")


def replace(path: Path, parts: Iterable[bytes], what: str, is_own: IsOwn, mode: int = PRIVATE_MODE) -> None:
    """Write a file that `check` accepts, in one step: a crash leaves the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shared = mode & ~_umask() if mode == SHARED_MODE else mode
    replace_file(path, parts, shared, check=partial(check, path, what, is_own))


def make_directory(path: Path, contents: Mapping[str, bytes]) -> None:
    """Make a directory with these files in one step; raises OSError if it exists and is not empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".new", dir=path.parent))
    try:
        for name, content in contents.items():
            (draft / name).write_bytes(content)
        draft.chmod(0o777 & ~_umask())
        draft.rename(path)
    except BaseException:
        shutil.rmtree(draft)
        raise


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, which need not exist."""
    with contextlib.suppress(OSError):
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
