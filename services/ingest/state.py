"""Ingest's own directory, outside of the server: the notes of acknowledged events of each ledger.

.duban-ingest   marks the directory as ingest's own
<ledger>.json   the last note (Noted); replaced atomically, readable by its owner alone
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from events.seal.merkle import whole
from services.common.replacing import replace_file
from services.common.settings import SettingsError
from services.ingest.owned import own_directory

MARK = ".duban-ingest"

MODE = 0o600


class Noted(Struct, frozen=True):
    """The acknowledged events: their number, the heads of the whole subtrees of their Merkle tree (RFC 6962).

    `recorded` is the recorded instant of the last event.
    """

    position: Annotated[int, Meta(ge=0)]
    heads: list[str]
    recorded: datetime | None = None

    def __post_init__(self) -> None:
        """Raise ValueError if a tree of that many events does not have that many heads."""
        if len(self.heads) != (right := len(whole(self.position))):
            raise ValueError(f"{self.position} events have {right} heads, not {len(self.heads)}")


def own(directory: Path) -> None:
    """Mark a directory as ingest's own; raise SettingsError if it holds other files, or cannot be used."""
    own_directory(directory, MARK, "DUBAN_STATE")


def load(directory: Path, ledger: str) -> Noted | None:
    """Return the note of a ledger, None if there is none; raise SettingsError if it cannot be read."""
    path = directory / f"{ledger}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Noted)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        raise SettingsError(
            f"{path}: not what ingest writes: {error}. Restore it from a copy; or, if the log is known to be"
            " complete, move the file away, and ingest records the log as it is"
        ) from error


def save(directory: Path, ledger: str, noted: Noted) -> None:
    """Replace the note of a ledger on disk; a crash leaves the old one or the new one."""
    replace_file(directory / f"{ledger}.json", [msgspec.json.encode(noted)], MODE)
