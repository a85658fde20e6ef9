"""The sealer of one stream: follows it from the archive's end on, and publishes checkpoints."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Literal, NamedTuple, TypeVar

import structlog

from events.replicas import UnconfirmedError
from events.seal.errors import (
    ArchiveError,
    FormatError,
    SignatureError,
    SigningError,
    StorageConflictError,
    UnsignedError,
)
from services.common.sample import Sample
from services.ingest.sealing.dense_stream import DenseStream
from services.ingest.sealing.era_start import EraStart
from services.ingest.sealing.publishing import CheckpointPublisher, Quorum
from services.ingest.sealing.sealed_files import SealedFiles
from services.ingest.sealing.stamping import Authority, CheckpointStamper, NoAuthorityError, Stamped

BATCH = 512
"""Entries hashed by one call in the thread, a multiple of a tile's: about 1 ms, for which the event loop may wait."""

STOP_SECONDS = 2.0
"""For reading what came last when ingest stops; a supervisor waits 8 s."""

T = TypeVar("T")

log = structlog.get_logger()


class StreamChangedError(Exception):
    """The stream lacks what is sealed from a position on, or has something else there."""

    def __init__(self, position: int, what: str) -> None:
        super().__init__(what)
        self.position = position


class NotSealedError(Exception):
    """A stream cannot be sealed now; the message has the reason."""


class Stop(NamedTuple):
    """Why nothing is signed any more, and the first position that is known to be concerned."""

    position: int
    detail: str

    def __str__(self) -> str:
        return self.detail


class Sealer:
    """Seals one stream while this process owns its archive; work on files is done in the thread of `pool`.

    `fault` is why sealing is delayed, None if it is not. `stopped` is why nothing is signed until an operator acts: the
    stream contradicts what is sealed. It is looked at again when another server answers, or on demand.
    """

    def __init__(
        self,
        stream: DenseStream,
        files: SealedFiles,
        pool: Executor,
        seconds: float,
        quorum: Quorum | None = None,
        authority: Authority | None = None,
    ) -> None:
        self.stopped: Stop | None = None
        self.fault: str | None = None
        self.files = files
        self._stream = stream
        self._pool = pool
        self._publisher = CheckpointPublisher(files, self._work, seconds, quorum)
        self._stamper = CheckpointStamper(files, self._work, authority) if authority is not None else None
        self._lock = asyncio.Lock()
        self._stage: Literal["new", "compared", "ended"] = "new"
        self._server = ""

    @property
    def warnings(self) -> list[str]:
        """What an operator should see to."""
        own = [str(one) for one in (self.stopped, self.fault) if one is not None]
        late = [self._stamper.fault] if self._stamper is not None and self._stamper.fault is not None else []
        return own or [*self._publisher.warnings, *late]

    def samples(self, stream: str) -> Iterator[Sample]:
        """Yield how far the stream is sealed, and how much of it is not; nothing unless this process seals."""
        if self.files.is_open:
            labels, published = {"stream": stream}, self.files.published or 0
            lag = max(self._stream.tail, self.files.size) - published
            yield Sample("duban_sealed_position", "Position up to which a checkpoint is published", published, labels)
            yield Sample("duban_seal_lag", "Entries that no published checkpoint has yet", lag, labels)
            yield from self._publisher.samples(labels)

    async def turn(self) -> None:
        """Take what the stream has grown by, and publish a checkpoint if one is due.

        What is raised is kept as `fault`, and the next turn tries again.
        """
        async with self._lock:
            if self._stage == "ended" or (self.stopped is not None and await self._stream.server() == self._server):
                return
            with self._judged():
                if await self._owns():
                    await self._grow()
                    await self._publisher.publish(now=False)

    async def seal(self) -> int:
        """Publish a checkpoint of the stream as it is now, and return its size; raises NotSealedError, RedisError."""
        async with self._lock:
            try:
                with self._judged():
                    if not await self._owns():
                        raise NotSealedError(f"{self._stream.name} is sealed by another process")
                    await self._grow()
                    await self._publisher.publish(now=True)
            except _DELAYS as error:
                raise NotSealedError(self.fault) from error
            if self.stopped is not None:
                raise NotSealedError(str(self.stopped))
            if self._publisher.delay is not None:
                raise NotSealedError(self._publisher.delay)
            return self.files.published or 0

    async def stamp_if_due(self) -> None:
        """Have the published checkpoint stamped once a day; sealing does not wait for it."""
        if self._stamper is not None and self.files.is_open:
            await self._stamper.turn()

    async def stamp(self) -> Stamped:
        """Have the published checkpoint stamped; raises NotSealedError, StampError and NoAuthorityError."""
        if self._stamper is None:
            raise NoAuthorityError("DUBAN_TSA is not set: it is the URL of a time stamping authority (RFC 3161)")
        if not self.files.is_open:
            raise NotSealedError(f"{self._stream.name} is sealed by another process, or not at all")
        try:
            return await self._stamper.stamp()
        except (*_DELAYS, StorageConflictError) as error:
            raise NotSealedError(str(error)) from error

    async def end(self, files: Sequence[str] = ()) -> EraStart:
        """Seal nothing more, and return how the archive of the next era begins; raises as `seal` does.

        It has the sealed entries that the stream still has, from the first on, and these files.
        """
        async with self._lock:
            self._stage = "ended"
            await self._work(self.files.close)
            if not await self._work(self.files.open):
                raise NotSealedError(f"{self._stream.name} is sealed by another process")
            try:
                await self._compare()
                same = self.files.size
            except StreamChangedError as error:
                same = error.position - 1
            start = await self._work(partial(self.files.start_of_next, same, files))
            await self._work(self.files.close)
            return start

    async def close(self) -> None:
        """Seal what came last, as far as reading it takes no longer than STOP_SECONDS, and give the archive up."""
        async with self._lock:
            try:
                if self._stage == "compared":
                    with self._judged():
                        with suppress(TimeoutError):
                            async with asyncio.timeout(STOP_SECONDS):
                                await self._grow()
                        if self._publisher.waiting is None:  # else witnesses are away, and stopping does not wait
                            await self._publisher.publish(now=True)
            finally:
                await self._work(self.files.close)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Keep what goes wrong as `fault`, or as `stopped`; the latter is not raised."""
        try:
            yield
        except StreamChangedError as error:
            self._stop(error.position, str(error))
        except _DELAYS as error:
            self.fault = f"{self._stream.name} is not sealed now: {error}"
            raise
        except (SigningError, StorageConflictError) as error:
            first, last = (self.files.published or 0) + 1, self.files.size
            where = f"positions {first} to {last} are not as they were written before: " if last else ""
            self._stop(last, f"{where}{error}")
        else:
            self.stopped = self.fault = None

    def _stop(self, position: int, what: str) -> None:
        self.stopped = Stop(position, f"sealing {self._stream.name} has stopped, and nothing is signed: {what}")
        self.fault, self._stage = None, "new"
        log.error(str(self.stopped))

    async def _owns(self) -> bool:
        """Return whether this process seals: it has the archive, and has compared the stream with it."""
        if self._stage == "ended":
            raise NotSealedError(f"{self._stream.name} has ended here: the next one begins in a moment")
        if self._stage == "new":
            self._server = await self._stream.server()
            await self._work(self.files.close)
            if not await self._work(self.files.open):
                return False
            await self._check_key()
            await self._publisher.consult()
            await self._compare()
            self._stage = "compared"
        return True

    async def _check_key(self) -> None:
        """Raise ArchiveError if another key signs this log: two would be two logs of one origin."""
        key = self.files.key
        known = await self._stream.signer(key.name, key.key_id.hex())
        if known != key.key_id.hex() and known in {one.key_id.hex() for one in self.files.keys}:
            await self._stream.replace_signer(key.name, key.key_id.hex(), known)
        elif known != key.key_id.hex():
            raise ArchiveError(
                f"{key.name} is signed with the key {known}, but {self.files.place.key} has {key.key_id.hex()}: let all"
                " instances of ingest have the directories of one, or set DUBAN_ARCHIVE for one alone"
            )

    async def _compare(self) -> None:
        """Compare the stream with all that is sealed and was not trimmed; raises StreamChangedError."""
        size, after = self.files.size, await self._stream.trimmed()
        signed = max(size, await self._work(self.files.signed))
        tail = await self._stream.look(size)
        while after < min(size, tail):
            entries = await self._stream.read(after, min(BATCH, size - after))
            if not entries:
                raise StreamChangedError(after + 1, f"position {after + 1} is sealed, but missing; {_REMEDY}")
            wrong = await self._work(partial(self.files.differing, after, entries))
            if wrong is not None:
                what = f"position {wrong} is not what was sealed (up to {signed}); {_REMEDY}"
                raise StreamChangedError(wrong, what)
            after += len(entries)
        if signed > tail:
            which = f"positions {tail + 1} to {signed} are" if signed > tail + 1 else f"position {signed} is"
            raise StreamChangedError(tail + 1, f"{which} sealed, but missing; {_REMEDY}")

    async def _grow(self) -> None:
        """Take the entries up to the present tail, and publish the checkpoints that fall due meanwhile.

        Each read begins with the last entry that was taken: where the stream has another one, all is compared again. A
        checkpoint that was signed, but not published before a crash, is the first: what comes after it is not even
        written before that has proved to be the same.
        """
        tail, signed = await self._stream.look(self.files.size), await self._work(self.files.signed)
        while True:
            size = self.files.size
            after, until = max(size - 1, 0), signed if size < signed else tail
            entries = await self._stream.read(after, min(BATCH + 1, max(until - after, 1)))
            if size and (not entries or entries.pop(0) != self.files.last):
                self._stage = "new"
                await self._owns()
                return
            if not entries:
                break
            await self._work(partial(self.files.append, entries, await self._stream.texts(entries)))
            await self._publisher.publish(now=self.files.size == signed)
        if size < tail:
            raise StreamChangedError(size + 1, f"position {size + 1} is missing, although there are later ones")

    async def _work(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


_DELAYS = (ArchiveError, FormatError, OSError, SignatureError, UnconfirmedError, UnsignedError)

_REMEDY = "restore the server's data and restart it"
