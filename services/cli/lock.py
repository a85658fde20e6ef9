"""The lock of a data directory: one process at a time runs a duban on it, or empties it.

up.lock  held with flock(2) for the holder's life: it ends with the process, however that ends, and no process id that
         belongs to another program by now can be mistaken for it
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.settings import SettingsError

LOCK = "up.lock"


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the lock of a data directory, which is made if it is missing; raise SettingsError where another holds it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / LOCK).open("ab") as file:  # closed on exec, so no child holds it on
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(f"{data}: a duban already runs here; stop it, or name another --data") from error
        yield
