"""What ingest's doors take and answer, as its descriptions tell it."""

from typing import Any

import msgspec

from events.contract import Schema, components, example_of, schema_for
from events.schema import SUBMITTED
from services.common.outcome import Outcome
from services.contract.openapi import Named, event_named, examples, one_of, place
from services.schedule.plan import PlanName

ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
SCHEMA = "application/schema+json"

MAX_EVENTS = 20_000
"""Events of one request: a fraction of a second's work, so that others get their turn."""


def _outcome(outcome: str, description: str, *members: str) -> Named:
    """Return the schema of one kind of outcome: with these members, and no others of an Outcome's."""
    own = components([Outcome], place)["Outcome"]["properties"]
    kept = {name: own[name] if outcome == "refused" else own[name]["anyOf"][0] for name in ("source", "id")}
    properties = {name: _told(schema, name) for name, schema in kept.items()}
    properties["outcome"] = {"const": outcome}
    properties |= {name: _told(own[name]["anyOf"][0], name) for name in members}
    always = list(properties)
    properties["replicas"] = _told(own["replicas"]["anyOf"][0], "replicas")
    return Named(
        outcome.capitalize(),
        {
            "description": description,
            "type": "object",
            "properties": properties,
            "required": always,
            "additionalProperties": False,
        },
    )


def _told(schema: Schema, name: str) -> Schema:
    return {**schema, "description": _WORDS[name]}


_WORDS = {
    "source": "The event's `source`; of a refused one null where it could not be read.",
    "id": "The event's `id`; of a refused one null where it could not be read.",
    "position": "Where the event is in the log, for ever.",
    "code": "Why it is refused, for programs.",
    "detail": "What is wrong, where, and what would be right, for people.",
    "replicas": "How many replicas have it on disk, too; there where an acknowledgement waits for them.",
}

ACCEPTED = _outcome("accepted", "The event is in the log.", "position")
DUPLICATE = _outcome("duplicate", "The very same event was accepted before.", "position")
REFUSED = _outcome("refused", "The event is not in the log; it is kept among the refused.", "code", "detail")
OUTCOME = one_of("Outcome", "What became of a submission.", [ACCEPTED, DUPLICATE, REFUSED])
OUTCOMES = Named("Outcomes", {"type": "array", "items": {"$ref": place("Outcome")}}, [OUTCOME])
ONE_OR_MANY = Named(
    "DuplicateOrOutcomes",
    {"anyOf": [{"$ref": place("Duplicate")}, {"$ref": place("Outcomes")}]},
    [DUPLICATE, OUTCOMES],
)

EVENT = one_of("Event", "An event that a source may submit.", [event_named(name) for name in SUBMITTED])

EVENTS: dict[str, Any] = {
    ONE: {"schema": EVENT, "examples": examples(SUBMITTED)},
    MANY: {
        "schema": Named(
            "Events", {"type": "array", "maxItems": MAX_EVENTS, "items": {"$ref": place("Event")}}, [EVENT]
        ),
        "examples": {"two": {"value": [example_of(name) for name in SUBMITTED[:2]]}},
    },
    LINES: {
        "schema": {"type": "string", "description": f"One Event a line; blank lines are none. At most {MAX_EVENTS:,}."},
        "examples": {
            "two": {"value": "".join(msgspec.json.encode(example_of(name)).decode() + "\n" for name in SUBMITTED[:2])}
        },
    },
}
"""What may be submitted, by media type."""

SCHEDULE: dict[str, Any] = {
    "multipart/form-data": {
        "schema": Named(
            "ScheduleForm",
            {
                "description": "A document of tasks, and what it does not say of itself.",
                "type": "object",
                "properties": {
                    "file": {
                        "type": "string",
                        "contentMediaType": "application/octet-stream",
                        "description": "The document (.docx, .xlsx, .csv, .html, text), sent with its file name.",
                    },
                    "plan": {
                        **schema_for(PlanName, place),
                        "description": "The plan's name; it begins the ids of its tasks.",
                        "examples": ["zj-2017"],
                    },
                    "issued": {
                        "type": "string",
                        "format": "date",
                        "description": "The day the document was issued (发文日期); phrases without a year need it.",
                        "examples": ["2017-08-01"],
                    },
                },
                "required": ["file", "plan", "issued"],
            },
        )
    }
}
"""The form of a document."""
