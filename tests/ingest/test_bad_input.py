"""Input that is refused: with the same code and nothing lost, whether it came by HTTP or by the inbox."""

from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import msgspec
import pytest

from events.envelope import CODES, Event, encode
from events.schema import TaskClosed
from services.common.outcome import Outcome
from tests.examples import EXAMPLES, assigned, reported
from tests.ingest.ingest_client import IngestClient, outcome, problem
from tests.ingest.running_writer import ids, kept, short


def replaced(event: Event, old: bytes, new: bytes) -> bytes:
    """Return an event's bytes with something else in them."""
    raw = encode(event)
    assert old in raw
    return raw.replace(old, new)


async def test_both_doors_decide_as_one(client: IngestClient) -> None:
    """HTTP and inbox share their ids: the same bytes are a duplicate, other bytes reuse the id."""
    await client.post(assigned(), source="office")
    (entry,) = await client.add("office", assigned())
    assert short([await client.receipt(entry, "office")]) == [("duplicate", 1)]
    (entry,) = await client.add("units", reported())
    await client.receipt(entry, "units")
    assert outcome(await client.post(reported())).position == 2
    assert outcome(await client.post(reported(percent=60))).code == "id-reused"


NOW = datetime(2018, 3, 31, 2, tzinfo=UTC)

CLOSED = msgspec.structs.replace(
    EXAMPLES["duban.task.closed.v1"], subject="t-closed", time=assigned().time, data=TaskClosed("cancelled")
)

GOOD = reported(number=1)

BAD: dict[str, tuple[bytes, CODES]] = {
    "not JSON": (b"not JSON", "malformed"),
    "not UTF-8": (replaced(GOOD, "市残联".encode(), b"\xff"), "malformed"),
    "an array of one": (b"[" + encode(GOOD) + b"]", "malformed"),
    "no subject": (replaced(GOOD, b'"subject":"zj-2017-07",', b""), "malformed"),
    "a task id without end": (encode(reported("t" * 151)), "malformed"),
    "another version of CloudEvents": (replaced(GOOD, b'"specversion":"1.0"', b'"specversion":"0.3"'), "malformed"),
    "what the ledger adds": (encode(GOOD, authid="office"), "malformed"),
    "an unknown type": (replaced(GOOD, b"reported.v1", b"reported.v2"), "unknown-type"),
    "an extra member in data": (replaced(GOOD, b'"data":{', b'"data":{"mood":"good",'), "invalid-data"),
    "a percent beyond all measure": (replaced(GOOD, b'"percent":50', b'"percent":101'), "invalid-data"),
    "61 KB": (encode(GOOD, note="x" * 61_000), "too-large"),
    "a unit that is not responsible": (encode(reported(unit="市体育局")), "not-responsible"),
    "a unit nobody knows": (encode(reported(unit="市火星局")), "unknown-unit"),
    "an unknown task": (encode(reported("nowhere")), "unknown-task"),
    "a closed task": (encode(reported("t-closed")), "task-closed"),
    "an id reused with other bytes": (encode(reported(number=0, percent=60)), "id-reused"),
    "a time in the future": (encode(reported(time=NOW + timedelta(hours=1))), "from-the-future"),
    "another's source": (encode(assigned("t-new")), "not-permitted"),
    "another's work": (encode(assigned("t-new", source="units")), "not-permitted"),
}
"""What a reporter sends wrongly, and the code of the refusal."""


async def over_http(client: IngestClient, raw: bytes) -> Outcome:
    """Send bytes by HTTP and return the outcome; the status has to be that of the outcome."""
    answer = await client.post(raw)
    found = outcome(answer)
    if found.code == "too-large":
        assert (answer.status_code, problem(answer)["title"]) == (413, HTTPStatus(413).phrase)
        return msgspec.structs.replace(found, detail=answer.json()["detail"])
    assert answer.status_code == {"accepted": 201, "duplicate": 200, "refused": 422}[found.outcome]
    return found


async def over_the_inbox(client: IngestClient, raw: bytes) -> Outcome:
    """Add bytes to the inbox and return the outcome from the receipts."""
    (entry,) = await client.add("units", raw)
    return await client.receipt(entry, "units")


DOORS = {"http": (over_http, b"http"), "inbox": (over_the_inbox, b"duban:{zhanjiang}:inbox:units")}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("bad", BAD)
async def test_bad_input_is_refused_kept_and_harmless(client: IngestClient, bad: str, door: str) -> None:
    """Over HTTP and inbox, each bad input is refused with its code and kept; the next good event is accepted."""
    raw, code = BAD[bad]
    send, name = DOORS[door]
    before = [assigned(), assigned("t-closed"), CLOSED]
    for event in before:
        assert (await client.post(event, source="office")).status_code == 201
    assert (await send(client, encode(reported(number=0)))).outcome == "accepted"
    refused = await send(client, raw)
    assert (refused.outcome, refused.code, bool(refused.detail)) == ("refused", code, True)
    (refusal,) = await kept(client.redis)
    assert (refusal["raw"], refusal["by"], refusal["door"]) == (raw, b"units", name)
    assert msgspec.json.decode(refusal["e"], type=Outcome) == refused
    assert NOW <= datetime.fromisoformat(refusal["at"].decode()) <= NOW + timedelta(minutes=5)
    assert short([await send(client, encode(GOOD))]) == [("accepted", 5)]
    assert await ids(client.redis) == [*(event.id for event in before), reported(number=0).id, GOOD.id]
