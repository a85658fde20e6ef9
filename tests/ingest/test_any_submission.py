"""A property over HTTP and inbox together: whatever is handed in has exactly one outcome, and its bytes are kept."""

import gzip
import json
from datetime import datetime

import msgspec
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1.conversion import to_structured
from cloudevents.v1.http import CloudEvent as OldCloudEvent
from faststream.redis.parser import BinaryMessageFormatV1
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.envelope import submitted
from events.keys import key
from events.log import Log
from services.common.outcome import Outcome
from tests.examples import WIRE
from tests.ingest.ingest_client import ONE, PATH, IngestClient
from tests.ingest.running_writer import NAME, kept, receipts

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


def by_sdk(raw: bytes, *, binary: bool, content_type: str | None) -> bytes:
    """Return an event as the CloudEvents SDK for Python writes it, its data as an object or as bytes."""
    attributes = json.loads(raw)
    data = attributes.pop("data")
    attributes |= {"time": datetime.fromisoformat(attributes["time"]), "datacontenttype": content_type}
    given_data = json.dumps(data, ensure_ascii=False).encode() if binary else data
    attributes = {name: value for name, value in attributes.items() if value is not None}
    return JSONFormat().write(CloudEvent(attributes, given_data))


def by_old_sdk(raw: bytes, *, binary: bool, content_type: str | None) -> bytes:
    """Return an event as version 1 of that SDK writes it, which fills in what it is not given."""
    attributes = json.loads(raw)
    data = attributes.pop("data")
    given_data = json.dumps(data).encode() if binary else data
    return to_structured(OldCloudEvent(attributes | {"datacontenttype": content_type}, given_data))[1]


def with_nulls(raw: bytes) -> bytes:
    """Return an event with attributes that are null, as serialisers of typed objects write those that are not set."""
    return json.dumps(json.loads(raw) | {"dataschema": None, "traceparent": None}, ensure_ascii=False).encode()


encoded = st.one_of(
    st.builds(
        lambda write, raw, binary, kind: write(raw, binary=binary, content_type=kind),
        st.sampled_from([by_sdk, by_old_sdk]),
        st.sampled_from(WIRE),
        st.booleans(),
        st.sampled_from([None, "application/json", "application/json; charset=utf-8"]),
    ),
    st.sampled_from(WIRE).map(with_nulls),
    st.sampled_from(WIRE).map(lambda raw: b"\xef\xbb\xbf" + raw),
)
spaced = st.sampled_from(WIRE).map(lambda raw: json.dumps(json.loads(raw), indent=1, ensure_ascii=True).encode())
pieces = st.one_of(st.sampled_from(WIRE), broken, spaced, encoded, st.binary(max_size=80))
"""Events as they are, damaged, or as other software writes them, and bytes that are none."""

json_pieces = st.one_of(
    st.sampled_from(WIRE),
    spaced,
    encoded.map(lambda raw: raw.lstrip(b"\xef\xbb\xbf")),
    st.from_type(int).map(lambda number: str(number).encode()),
)

one = st.tuples(st.just(ONE), pieces.filter(lambda raw: len(raw.strip()) > 0).map(lambda raw: [raw]))
array = st.tuples(st.just(ARRAY), st.lists(json_pieces, max_size=6))
lines = st.tuples(st.just(LINES), st.lists(pieces.map(lambda raw: raw.replace(b"\n", b" ")), max_size=6))
entries = st.tuples(st.just("inbox"), st.lists(pieces, min_size=1, max_size=6))
compressed = st.one_of(one, array, lines).map(lambda given_in: (f"{given_in[0]} gzip", given_in[1]))
wrapped = st.tuples(st.just("faststream"), st.lists(pieces, min_size=1, max_size=3))
handed_in = st.lists(
    st.tuples(st.sampled_from(SOURCES), st.one_of(one, array, lines, entries, compressed, wrapped)),
    min_size=1,
    max_size=5,
)
fields = st.lists(
    st.tuples(st.sampled_from([b"e", b"__data__", b"x", b"\xff"]), st.one_of(pieces, st.binary(max_size=20))),
    min_size=1,
    max_size=4,
)
"""Entries of any shape, with fields that are missing, repeated or next to others."""


async def _outcomes(client: IngestClient, source: str, form: str, raws: list[bytes]) -> list[tuple[bytes, Outcome]]:
    """Hand bytes in at one of the two interfaces; return them with what became of each."""
    if form == "faststream":
        packed = [
            await BinaryMessageFormatV1.encode(message=raw, reply_to=None, headers=None, correlation_id="1")
            for raw in raws
        ]
        ids = [await _add(client, source, [(b"__data__", one)]) for one in packed]
        return [(raw, await client.receipt(id, source)) for raw, id in zip(raws, ids, strict=True)]
    if form == "inbox":
        ids = await client.add(source, *raws)
        return [(raw, await client.receipt(id, source)) for raw, id in zip(raws, ids, strict=True)]
    media_type, _, encoding = form.partition(" ")
    raws = raws if media_type != LINES else [raw for raw in raws if raw.strip()]
    body = {ONE: raws[0] if raws else b"", ARRAY: b"[" + b", ".join(raws) + b"]", LINES: b"\n".join(raws)}[media_type]
    headers = {"Authorization": f"Bearer {client.tokens[source]}", "Content-Type": media_type}
    if encoding:
        body, headers["Content-Encoding"] = gzip.compress(body), encoding
    answer = await client.http.post(PATH, content=body, headers=headers)
    if media_type == ONE:
        found = [msgspec.convert({"detail": None, **answer.json()}, Outcome)]
    elif media_type == ARRAY:
        found = msgspec.json.decode(answer.content, type=list[Outcome])
    else:
        found = msgspec.json.Decoder(Outcome).decode_lines(answer.content)
    return list(zip(raws, found, strict=True))


async def _add(client: IngestClient, source: str, pairs: list[tuple[bytes, bytes]]) -> str:
    parts = [part for pair in pairs for part in pair]
    entry: bytes = await client.redis.execute_command("XADD", key(NAME, "inbox", source), "*", *parts)
    return entry.decode()


def _plain(raw: bytes) -> bytes:
    """Return what is kept of bytes: white space and a byte order mark around an event are not part of it."""
    return raw.strip(b" \t\r\n").removeprefix(b"\xef\xbb\xbf")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(handed_in)
async def test_any_submission(client: IngestClient, given_in: list[tuple[str, tuple[str, list[bytes]]]]) -> None:
    """Any bytes at either interface: an outcome each, in order; accepted and refused bytes are kept as they came."""
    for source, (form, raws) in given_in:
        refused_before = len(await kept(client.redis))
        receipts_before = len(await receipts(client.redis, source))
        outcomes = await _outcomes(client, source, form, raws)
        refused = [found["raw"] for found in (await kept(client.redis))[refused_before:]]
        expected = [_plain(raw) for raw, outcome in outcomes if outcome.outcome == "refused"]
        assert refused == expected  # each once, in order, byte for byte
        for raw, outcome in outcomes:
            if outcome.outcome != "refused":
                assert outcome.position is not None
                (stored,) = await Log(client.redis, NAME).read_at([outcome.position])
                assert submitted(stored.raw) == _plain(raw)
        if form in {"inbox", "faststream"}:
            assert len(await receipts(client.redis, source)) == receipts_before + len(raws)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SOURCES), fields)
async def test_any_entry(client: IngestClient, source: str, pairs: list[tuple[bytes, bytes]]) -> None:
    """An entry of any shape has one receipt; what it holds is accepted, or kept as refused, with each of its fields."""
    before = len(await kept(client.redis))
    outcome = await client.receipt(await _add(client, source, pairs), source)
    refused = [found["raw"] for found in (await kept(client.redis))[before:]]
    held = [(name, value) for name, value in pairs if name in {b"e", b"__data__"}]
    if outcome.outcome != "refused":
        assert (len(held), refused) == (1, [])
    elif len(held) == 1:
        ((name, value),) = held
        raw = BinaryMessageFormatV1.parse(value)[0] if name == b"__data__" else value
        assert refused == [_plain(raw)]
    else:
        assert [msgspec.json.decode(one, type=list[tuple[bytes, bytes]]) for one in refused] == [pairs]
