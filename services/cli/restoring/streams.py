"""The record and the rules put back: streams that only grow, whose entries are not looked up."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from events.entries import stored
from events.keys import LogKeys, key
from events.record import Record, TrimmedMark
from events.recorded_rules import rules_decoder
from events.saved_rows import EPOCH, KNOWN
from events.trimming import begin_after
from services.cli.restoring.log_restoring import rename_apart
from services.cli.restoring.sealed import SealedStream
from services.notify.alerts import Alert
from services.notify.outbox import NAME, alert_decoder
from services.notify.record import Attempted, Dead, Dropped, entry_decoder, is_alert

AGAIN = timedelta(days=1)
"""Before the end of the record: alerts of that time that were not dealt with are sent, with those after the first."""


async def restore_stream(redis: Any, name: str, sealed: SealedStream) -> str | None:
    """Append the sealed entries that a stream lacks; one that contradicts them is set aside: return its new name.

    What was trimmed from its beginning stays in the archive.
    """
    last = stored(await redis.xrevrange(name, count=1))
    tail, apart = last[0].position if last else 0, None
    if not last:
        await redis.unlink(name)  # an empty stream takes no number that it had before
    for batch in sealed.batches():
        found = stored(await redis.xrange(name, f"{batch[0].position}-0", f"{batch[-1].position}-0"))
        if found != batch[: len(found)]:
            apart, tail = await rename_apart(redis, name, tail), 0
            break
    for batch in sealed.batches(tail):
        async with redis.pipeline(transaction=True) as pipe:
            for position, raw in batch:
                pipe.xadd(name, {"e": raw}, f"{position}-0")
            await pipe.execute()
    return apart


async def restore_rules(redis: Any, ledger: str, sealed: SealedStream) -> str | None:
    """Put the rules on record back, with their texts."""
    texts: dict[str, bytes] = {}
    for batch in sealed.batches():
        for _, raw in batch:
            sha256 = rules_decoder.decode(raw).sha256
            if (text := sealed.read(sha256)) is not None:
                texts[sha256] = text
    keys = LogKeys.of(ledger)
    if texts:
        await redis.hset(keys.texts, mapping=texts)
    return await restore_stream(redis, keys.rules, sealed)


async def restore_record(
    redis: Any, ledger: str, sealed: SealedStream, until: datetime | None, trimmed: TrimmedMark
) -> tuple[str | None, int]:
    """Put the record back, and have notify go on after it: what was announced is not announced, or sent, again.

    `until` is the ledger's instant at the end of its log. An empty stream begins as if it were `trimmed`.
    Return the name of a record that was set aside, and how many alerts of the last day are sent, as nothing on record
    says what became of them, or of one before them.
    """
    record = Record(redis, ledger)
    if trimmed.last and not await redis.xlen(record.key):
        await _begin(redis, record, sealed, trimmed)
    apart = await restore_stream(redis, record.key, sealed)
    known = key(ledger, NAME, KNOWN)
    if apart is not None:
        await redis.unlink(known)
    alerts, done = _alerts(sealed)
    numbers = {alert.id: number for number, alert in alerts.items()}
    for start in range(0, len(numbers), 1_000):
        await redis.hset(known, mapping=dict(list(numbers.items())[start : start + 1_000]))
    planned = int(await redis.get(key(ledger, NAME, "reached")) or 0)
    reached = max(planned, _reached(alerts, done, sealed.size))  # those up to `planned` are in digests already
    await redis.set(key(ledger, NAME, "reached"), reached)
    if until is not None:
        considered = (until - EPOCH) // timedelta.resolution
        await redis.hset(key(ledger, NAME, "checkpoint"), "considered", considered)
    return apart, sum(number > reached for number in alerts)


async def _begin(redis: Any, record: Record, sealed: SealedStream, trimmed: TrimmedMark) -> None:
    """Have a record without entries begin with the bundle after a number, as if those up to it had been trimmed."""
    first = next(sealed.batches(trimmed.last))
    async with redis.pipeline(transaction=True) as pipe:
        pipe.unlink(record.key)
        pipe.set(record.mark, str(trimmed))
        begin_after(pipe, record.key, trimmed.last)
        for number, raw in first:
            pipe.xadd(record.key, {"e": raw}, f"{number}-0")
        await pipe.execute()


def _alerts(sealed: SealedStream) -> tuple[dict[int, Alert], set[str]]:
    """Return the alerts of a record by number, and the ids of those that were sent, dropped or given up."""
    alerts: dict[int, Alert] = {}
    done: set[str] = set()
    for batch in sealed.batches():
        for number, raw in batch:
            if is_alert(raw):
                alerts[number] = alert_decoder.decode(raw)
                continue
            match entry_decoder.decode(raw):
                case Dropped(alert=alert):
                    done.add(alert)
                case Attempted(outcome="accepted", alerts=ids) | Dead(alerts=ids):
                    done.update(ids)
                case _:
                    pass
    return alerts, done


def _reached(alerts: Mapping[int, Alert], done: set[str], size: int) -> int:
    """Return the number of the last entry before the first alert of the last day that was not dealt with."""
    if not alerts:
        return size
    since = max(alert.at for alert in alerts.values()) - AGAIN
    open_alerts = [number for number, alert in alerts.items() if alert.id not in done and alert.at >= since]
    return min(open_alerts, default=size + 1) - 1
