"""A property over HTTP and inbox together: whatever is handed in has exactly one outcome, and its bytes are kept."""

import json

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.envelope import submitted
from events.log import Log
from services.ingest.core import Outcome
from tests.examples import WIRE
from tests.ingest.desk import NAME, kept, receipts
from tests.ingest.office import ONE, Office

ARRAY = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
SOURCES = ("office", "units")

broken = st.sampled_from(WIRE).flatmap(
    lambda raw: st.builds(
        lambda at, length, patch: raw[:at] + patch + raw[at + length :],
        st.integers(0, len(raw)),
        st.integers(0, 20),
        st.binary(max_size=6),
    )
)
spaced = st.sampled_from(WIRE).map(lambda raw: json.dumps(json.loads(raw), indent=1, ensure_ascii=True).encode())
pieces = st.one_of(st.sampled_from(WIRE), broken, spaced, st.binary(max_size=80))
"""Events as they are, damaged, or written in another way, and bytes that are none."""

json_pieces = st.one_of(st.sampled_from(WIRE), spaced, st.from_type(int).map(lambda number: str(number).encode()))

one = st.tuples(st.just(ONE), pieces.filter(lambda raw: len(raw.strip()) > 0).map(lambda raw: [raw]))
array = st.tuples(st.just(ARRAY), st.lists(json_pieces, max_size=6))
lines = st.tuples(st.just(LINES), st.lists(pieces.map(lambda raw: raw.replace(b"\n", b" ")), max_size=6))
entries = st.tuples(st.just("inbox"), st.lists(pieces, min_size=1, max_size=6))
handed_in = st.lists(st.tuples(st.sampled_from(SOURCES), st.one_of(one, array, lines, entries)), min_size=1, max_size=5)


async def _outcomes(office: Office, source: str, form: str, raws: list[bytes]) -> list[tuple[bytes, Outcome]]:
    """Hand bytes in at one of the two interfaces; return them with what became of each."""
    if form == "inbox":
        ids = await office.add(source, *raws)
        return [(raw, await office.receipt(id, source)) for raw, id in zip(raws, ids, strict=True)]
    if form == ONE:
        answer = await office.post(raws[0], form, source=source)
        outcome = answer.json()
        return [(raws[0], msgspec.convert({"detail": None, **outcome}, Outcome))]
    if form == ARRAY:
        answer = await office.post(b"[" + b", ".join(raws) + b"]", form, source=source)
        found = msgspec.json.decode(answer.content, type=list[Outcome])
    else:
        raws = [raw for raw in raws if raw.strip()]
        answer = await office.post(b"\n".join(raws), form, source=source)
        found = msgspec.json.Decoder(Outcome).decode_lines(answer.content)
    return list(zip(raws, found, strict=True))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(handed_in)
async def test_any_submission(office: Office, given_in: list[tuple[str, tuple[str, list[bytes]]]]) -> None:
    """Any bytes at either interface: an outcome each, in order; accepted and refused bytes are kept as they came."""
    for source, (form, raws) in given_in:
        refused_before = len(await kept(office.redis))
        receipts_before = len(await receipts(office.redis, source))
        outcomes = await _outcomes(office, source, form, raws)
        refused = [found["raw"] for found in (await kept(office.redis))[refused_before:]]
        expected = [raw.strip(b" \t\r\n") for raw, outcome in outcomes if outcome.outcome == "refused"]
        assert refused == expected  # each once, in order, byte for byte
        for raw, outcome in outcomes:
            if outcome.outcome != "refused":
                assert outcome.position is not None
                (stored,) = await Log(office.redis, NAME).pick([outcome.position])
                assert submitted(stored.raw) == raw.strip(b" \t\r\n")
        if form == "inbox":
            assert len(await receipts(office.redis, source)) == receipts_before + len(raws)
