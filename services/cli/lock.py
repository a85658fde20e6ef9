"""The lock of a data directory: one process at a time runs `duban up` on it, or empties it.

up.lock  held with flock(2): the lock ends with its process, however that ends; unlike a process id, it cannot belong
         to another program later
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.settings import SettingsError

LOCK = "up.lock"


@contextmanager
def locked(data: Path) -> Iterator[None]:
    """Hold the lock of a data directory, which is made if missing; raises SettingsError if another process holds it."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / LOCK).open("ab") as file:  # closed on exec, so no child keeps the lock
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(f"{data}: `duban up` already runs here; stop it, or name another --data") from error
        yield
