"""Directories of ingest's own: a mark in each shows that nobody else's files can be in it."""

from pathlib import Path

from services.common.settings import SettingsError

MODE = 0o600

_IGNORED = {"lost+found"}
"""Entries of an empty file system."""


def own_directory(directory: Path, mark: str, setting: str, what: str = "ingest's own") -> None:
    """Mark a directory as ingest's own; raise SettingsError if it holds other files, or cannot be used.

    `setting` is the variable that names it and `what` what it is to be, for messages.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (directory / mark).is_file():
            found = sorted({path.name for path in directory.iterdir()} - _IGNORED)
            if found:
                raise SettingsError(
                    f"{setting}: {directory} holds {found[0]!r} and no {mark}, so it is not {what}; nothing was"
                    " written: name a directory that is missing or empty"
                )
            (directory / mark).touch(mode=MODE)
    except OSError as error:
        raise SettingsError(
            f"{setting}: {directory}: {error.strerror}; name a directory that can be written"
        ) from error
