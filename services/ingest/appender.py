"""The appender: appends one draft after the other, and answers its requests."""

from collections import Counter
from collections.abc import Sequence
from itertools import islice

from msgspec.structs import replace

from events.log import AlreadyRecordedError, InboxMovedError, StaleTailError
from services.common.outcome import Outcome
from services.ingest.append_slot import AppendSlot, Decided
from services.ingest.lookup import Lookups
from services.ingest.loss_check import LossCheck
from services.ingest.queue import Queue
from services.ingest.request import Chunk, fail_all
from services.ingest.write_model import WriteModel


class Appender:
    """The second of the writer's two coroutines."""

    def __init__(
        self, queue: Queue, slot: AppendSlot, model: WriteModel, lookups: Lookups, loss_check: LossCheck
    ) -> None:
        self._queue = queue
        self._slot = slot
        self._model = model
        self._lookups = lookups
        self._loss_check = loss_check
        self.outcomes: Counter[tuple[str, str]] = Counter()
        """Answered since the start, by source and outcome."""

    async def run(self) -> None:
        """Append and answer draft after draft until cancelled."""
        while True:
            await self._append(await self._slot.take())
            self._slot.release()

    async def _append(self, decided: Decided) -> None:
        """Append a draft and answer it; if that fails, end the epoch and put its batch back, or fail its requests."""
        batch = decided.batch
        try:
            replicas = await self._send(decided)
        except StaleTailError:
            self._put_back(batch)
        except AlreadyRecordedError as error:
            if decided.found.whole:
                self._slot.abandon(batch, error)  # the look-up did not find it
            else:
                self._lookups.check_all_next()
                self._put_back(batch)
        except InboxMovedError as moved:
            passed = [chunk for chunk in batch if chunk.advance is not None and chunk.advance.inbox == str(moved)]
            fail_all(passed, moved)
            self._put_back([chunk for chunk in batch if chunk not in passed])
        except Exception as error:  # noqa: BLE001 - logged; its requests get 503, and the writer continues
            self._slot.abandon(batch, error)
        else:
            self._answer(decided, replicas)

    async def _send(self, decided: Decided) -> int | None:
        """Append a draft, and return how many replicas have it; an empty one only waits for the replicas."""
        if decided.packed.empty:
            return await self._model.log.confirm(decided.draft.tail)
        return (await self._model.log.append(decided.packed)).replicas

    def _put_back(self, batch: Sequence[Chunk]) -> None:
        self._slot.invalidate()
        self._queue.put_back(batch)

    def _answer(self, decided: Decided, replicas: int | None) -> None:
        """Apply a draft that was appended, and answer its requests."""
        if not self._model.apply(decided.draft):
            self._slot.invalidate()
        self._loss_check.acknowledge(decided.draft)
        outcomes = iter(_confirmed(decided.outcomes, replicas))
        for chunk in decided.batch:
            answers = list(islice(outcomes, len(chunk.submissions)))
            self.outcomes.update((chunk.request.source, one.outcome) for one in answers)
            chunk.answer(answers)


def _confirmed(outcomes: list[Outcome], replicas: int | None) -> list[Outcome]:
    """Return outcomes with the number of replicas that have them, if that was asked for."""
    return outcomes if replicas is None else [replace(outcome, replicas=replicas) for outcome in outcomes]
