"""The files of a stream's archives, as its readers see them where it was trimmed."""

import asyncio
from collections.abc import Sequence
from functools import lru_cache

from events.entries import Stored
from events.seal.eras import SealedEras
from events.seal.errors import FormatError, TrimmedError
from events.seal.tiles import ENTRIES, WIDTH, Tile, read_entries

BUNDLES_KEPT = 64
"""Bundles that a reader keeps in memory, some 10 MB: the events of one task lie near each other."""


class SealedBundles:
    """The entries that `archive` reads, None where nothing is sealed; `stream` names it in errors."""

    def __init__(self, archive: SealedEras | None, stream: str) -> None:
        self._archive = archive
        self._stream = stream
        self._bundle = lru_cache(BUNDLES_KEPT)(self._read_bundle)

    async def read(self, era: int, after: int, until: int) -> list[Stored]:
        """Return the entries after one number up to another, which an era's archive has; raises TrimmedError."""
        return await asyncio.to_thread(self._entries, era, after, until) if after < until else []

    async def read_at(self, era: int, numbers: Sequence[int]) -> list[Stored]:
        """Return the entries with these numbers, which an era's archive has; raises TrimmedError."""
        return await asyncio.to_thread(lambda: [one for at in numbers for one in self._entries(era, at - 1, at)])

    def file(self, era: int, name: str) -> bytes | None:
        """Return a file of an era's archive, None if it does not exist; raises TrimmedError where nothing is sealed."""
        return self._archive_with(f"{name} and other trimmed parts of {self._stream}")(era)(name)

    def _entries(self, era: int, after: int, until: int) -> list[Stored]:
        found: list[Stored] = []
        for number in range(after // WIDTH, (until - 1) // WIDTH + 1):
            start = number * WIDTH
            entries = self._bundle(era, number)[max(after - start, 0) : until - start]
            found += (Stored(position, raw) for position, raw in enumerate(entries, max(after, start) + 1))
        return found

    def _read_bundle(self, era: int, number: int) -> list[bytes]:
        """Return the entries of a bundle; only whole bundles are trimmed."""
        first = number * WIDTH + 1
        which = f"entries {first} to {first + WIDTH - 1} of {self._stream}"
        try:
            return read_entries(self._archive_with(which)(era), Tile(ENTRIES, number))
        except FormatError as error:
            raise TrimmedError(f"{which} were trimmed, and the archive does not have them: {error}") from error

    def _archive_with(self, which: str) -> SealedEras:
        if self._archive is None:
            raise TrimmedError(
                f"{which} are in its archive: set DUBAN_ARCHIVE to the directory or bucket in which ingest seals"
            )
        return self._archive
