"""What makes an event no event: each flaw takes one that is well written, and has the code for which it is refused."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

from tests.integration.model.submission import Submission, written

Event: TypeAlias = dict[str, Any]
Data: TypeAlias = dict[str, Any]


def _without(name: str, event: Event) -> Event:
    return {other: value for other, value in event.items() if other != name}


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "cut short": lambda raw: raw[:-5],
    "no JSON": lambda raw: raw.replace(b":", b"="),
    "a word too much": lambda raw: raw + b"x",
    "not UTF-8": lambda raw: raw.replace(b'"id":"', b'"id":"\xff'),
    "two": lambda raw: raw + raw,
}
"""Flaws of bytes that are no JSON at all: in an array they would break the others with them."""

ENVELOPE: dict[str, Callable[[Event], Event]] = {
    **{
        f"without {name}": partial(_without, name)
        for name in ("specversion", "id", "source", "type", "subject", "time", "data")
    },
    "of CloudEvents 0.3": lambda event: event | {"specversion": "0.3"},
    "with an empty id": lambda event: event | {"id": ""},
    "with a number for an id": lambda event: event | {"id": 7},
    "without an offset": lambda event: event | {"time": "2018-03-31T10:00:00"},
    "on the 30th of February": lambda event: event | {"time": "2018-02-30T10:00:00+08:00"},
    "of XML": lambda event: event | {"datacontenttype": "text/xml"},
    "recorded already": lambda event: event | {"recordedtime": "2018-02-10T01:00:00Z"},
    "authenticated already": lambda event: event | {"authid": "office"},
    "with a position": lambda event: event | {"position": 1},
    "with an attribute in capitals": lambda event: event | {"traceParent": "00-1"},
    "with an attribute that is a list": lambda event: event | {"tags": ["x"]},
}

TYPES: dict[str, Callable[[Event], Event]] = {
    "of a type nobody knows": lambda event: event | {"type": "duban.task.deleted.v1"},
    "of a version to come": lambda event: event | {"type": event["type"].replace(".v1", ".v9")},
    "of somebody else": lambda event: event | {"type": "com.example.happened"},
}

DATA: dict[str, Callable[[Data], Data]] = {
    "one member too much": lambda data: data | {"remark": "x"},
    "one member in capitals": lambda data: data | {"Unit": "市残联"},
    "one member too few": lambda data: {name: data[name] for name in list(data)[1:]},
    "a member of another kind": lambda data: data | {next(iter(data)): 7},
    "a member that is null": lambda data: data | {next(iter(data)): None},
    "a member that is empty": lambda data: data | {next(iter(data)): ""},
}
"""Flaws that the data of any type can have; the first member of each is required, and a text."""

MEMBERS: dict[str, dict[str, Any]] = {
    "percent": {"too much": 101, "less than nothing": -1, "a text": "50", "a truth": True},
    "evidence": {"nameless": [{"url": "https://example.org"}], "in capitals": [{"name": "x", "sha256": "A" * 64}]},
    "outcome": {"not one of three": "done"},
    "units": {"nobody": [], "a text": "市残联"},
    "lead": {"not among the units": "市广播电视台"},
    "proposed_due": {"no offset": "2018-12-31T00:00:00", "no instant": "年底", "too far": "3001-01-01T00:00:00+08:00"},
    "due": {"no offset": "2018-12-31T00:00:00"},
    "deadline": {
        "of no kind": {"text": "年底前"},
        "of an unknown kind": {"kind": "someday", "text": "年底前"},
        "no instant": {"kind": "fixed", "text": "年底前"},
        "one member too much": {"kind": "ongoing", "text": "持续", "due": "2019-01-01T00:00:00+08:00"},
        "strict after loose": {
            "kind": "ambiguous",
            "text": "12月前",
            "strict": "2019-01-01T00:00:00+08:00",
            "loose": "2018-12-01T00:00:00+08:00",
        },
        "no step": {"kind": "milestones", "text": "分步", "milestones": []},
        "steps in disorder": {
            "kind": "milestones",
            "text": "分步",
            "milestones": [
                {"text": "二", "due": "2019-01-01T00:00:00+08:00"},
                {"text": "一", "due": "2018-12-01T00:00:00+08:00"},
            ],
        },
        "of every week": {"kind": "recurring", "text": "每周", "every": "week", "first": "2018-12-01T00:00:00+08:00"},
    },
}
"""Values that a member cannot have."""


def broken(event: Event, flaw: str) -> Submission:
    """Return an event's bytes, broken."""
    return Submission(BROKEN[flaw](written(event).raw), None, "malformed")


def doubled(event: Event) -> Submission:
    """Return an event of which two readers would read two things: a member is there twice."""
    return Submission(written(event).raw[:-1] + b',"subject":"another"}', None, "malformed")


def enlarged(event: Event) -> Submission:
    """Return an event of more than 60,000 bytes."""
    return written(event | {"data": event["data"] | {"summary": "长" * 20_000}}, flaw="too-large")
