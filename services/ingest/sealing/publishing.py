"""When a checkpoint of a stream is due, and how it gets from the signer to its readers."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import structlog

from events.seal.checkpoint import parse_checkpoint
from events.seal.errors import ArchiveError
from events.seal.notes import SignedNote
from services.common.clock import monotonic, real_time
from services.common.sample import Sample
from services.ingest.sealing.pauses import GrowingPause
from services.ingest.sealing.sealed_files import SealedFiles
from services.ingest.sealing.witnesses import Witnesses

FRESH_SECONDS = 86_400
"""After which a checkpoint is signed and cosigned again although nothing grew: it shows that nothing was held back."""

Work = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Does work on files in the thread for it."""

log = structlog.get_logger()


class Quorum(NamedTuple):
    """The witnesses of a policy, and after how many seconds a checkpoint is published without them, None for never."""

    witnesses: Witnesses
    fail_open: float | None = None


class CheckpointPublisher:
    """Publishes the checkpoints of one stream; those that do not satisfy the policy of its witnesses wait.

    `waiting` is why nothing is published now, `weaker` why what is published lacks the quorum, `opened` how often.
    """

    def __init__(self, files: SealedFiles, work: Work, seconds: float, quorum: Quorum | None) -> None:
        self.waiting: str | None = None
        self.weaker: str | None = None
        self.opened = 0
        self._files = files
        self._work = work
        self._seconds = seconds
        self._quorum = quorum
        self._pause = GrowingPause()
        self._published = monotonic()

    @property
    def is_behind(self) -> bool:
        """Whether there are entries, or none yet, that no published checkpoint has."""
        return self._files.published != self._files.size

    @property
    def delay(self) -> str | None:
        """Why entries are not published now, None if all are."""
        return self.waiting if self.is_behind else None

    @property
    def warnings(self) -> list[str]:
        """What an operator should see to."""
        late = [f"{self._files.origin} is not published now: {self.delay}"] if self.delay is not None else []
        return [*late, self.weaker] if self.weaker is not None else late

    def samples(self, labels: dict[str, str]) -> Iterator[Sample]:
        """Yield whether checkpoints wait for witnesses, and how many were published without them."""
        if self._quorum is not None:
            waits = float(self.delay is not None)
            yield Sample("duban_seal_waiting", "1 while publishing waits for witnesses", waits, labels)
            what = "Checkpoints that were published without the quorum of witnesses"
            yield Sample("duban_seal_unwitnessed", what, self.opened, labels, counts=True)

    async def consult(self) -> None:
        """Ask the witnesses what they have cosigned, before anything is signed: a restore may have taken it back here.

        Raises ArchiveError while too few of them answer, and asks again after a pause.
        """
        if self._quorum is None:
            return
        if self.waiting is not None and not self._pause.is_over:
            raise ArchiveError(self.waiting)
        witnesses, keys = self._quorum.witnesses, self._files.keys
        found = await witnesses.newest(keys[0].name, keys)
        missing = witnesses.policy.missing(found.names)
        if missing is not None and not self._may_open():
            self._wait(f"what witnesses have cosigned is not known: {missing} ({'; '.join(found.faults)})")
            raise ArchiveError(self.waiting)
        self.waiting = None
        if missing is None:
            self._pause.succeeded()
        await self._work(partial(self._files.expect, found.checkpoints))

    async def publish(self, *, now: bool) -> None:
        """Publish a checkpoint if there is something new, or the last is old or weak, and it is due or asked for `now`.

        It is signed, then cosigned, then published; without the quorum it waits, which is no error.
        """
        files = self._files
        if not files.is_open or not (now or self._pause.is_over) or not self._has_reason():
            return
        if files.size < await self._work(files.signed):
            return
        note = await self._work(partial(files.sign, int(real_time())))
        if self._quorum is not None:
            note = await self._cosigned(self._quorum.witnesses, note)
        if self.waiting is None:
            await self._work(partial(files.publish, note))
            self._published = monotonic()
            self._pause.succeeded(self._seconds)

    def _has_reason(self) -> bool:
        return self.is_behind or self.weaker is not None or self._is_old()

    def _is_old(self) -> bool:
        signed = self._files.published_time
        age = real_time() - signed if signed is not None else monotonic() - self._published
        return age >= FRESH_SECONDS

    async def _cosigned(self, witnesses: Witnesses, note: SignedNote) -> SignedNote:
        """Return a checkpoint with its cosignatures; `waiting` is set if it may not be published."""
        size = parse_checkpoint(note.text).size

        async def prove(before: int) -> list[bytes]:
            proof: list[bytes] = await self._work(partial(self._files.prove, before, size))
            return proof

        found = await witnesses.cosign(note, self._files.keys, prove)
        missing = witnesses.policy.missing(found.names)
        why = f"{missing} ({'; '.join(found.faults)})"
        self.waiting = None
        if missing is None:
            self.weaker = None
        elif self.is_behind and self._may_open():
            self.opened += 1
            self.weaker = f"{self._files.origin}: published without the quorum of witnesses: {why}"
            log.error(self.weaker, size=size)
        else:
            self._wait(f"the checkpoint of {size} entries waits for witnesses: {why}")
        return note.adding(found.lines)

    def _may_open(self) -> bool:
        """Return whether the policy is set aside by now."""
        assert self._quorum is not None
        return self._quorum.fail_open is not None and self._pause.waited >= self._quorum.fail_open

    def _wait(self, why: str) -> None:
        self.waiting = why
        self._pause.failed()
