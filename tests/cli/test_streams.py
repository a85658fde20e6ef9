"""The description of the streams: whole, consistent, and of the streams that there are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from events.keys import key
from events.schema import SUBMITTED, TYPES
from services.common.settings import published
from services.contract.asyncapi import asyncapi
from tests.examples import WIRE

DOCUMENT = json.loads(json.dumps(asyncapi()))


def references(part: Any) -> Iterator[str]:
    """Yield what every `$ref` points at."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


def found(pointer: str) -> Any:
    """Return what a reference leads to; fails where that is nothing."""
    part = DOCUMENT
    for name in pointer.removeprefix("#/").split("/"):
        part = part[name]
    return part


def validator(schema: Any) -> Draft202012Validator:
    """Return a validator of a schema inside the document."""
    return Draft202012Validator({**schema, "components": DOCUMENT["components"]})


def test_every_reference_leads_somewhere() -> None:
    """None dangles, and none of the kept schemas is there for nothing."""
    targets = set(references(DOCUMENT))
    assert all(found(target) for target in targets)
    kept = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert kept <= targets


def test_it_has_what_asyncapi_3_needs() -> None:
    """The members that the specification requires are there, and each parameter of an address is told."""
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert all({"host", "protocol"} <= server.keys() for server in DOCUMENT["servers"].values())
    for channel in DOCUMENT["channels"].values():
        assert sorted(channel["parameters"]) == sorted(
            part.partition("}")[0] for part in channel["address"].split("{")[1:]
        )
        assert channel["messages"]
        for message in channel["messages"].values():
            assert {"name", "title", "summary", "contentType", "payload"} <= message.keys()
            Draft202012Validator.check_schema(message["payload"])
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])
    assert {operation["channel"]["$ref"] for operation in DOCUMENT["operations"].values()} == {
        f"#/channels/{name}" for name in DOCUMENT["channels"]
    }


@pytest.mark.parametrize(
    ("channel", "parts", "action"),
    [
        ("inbox", ("inbox", "units"), "send"),
        ("receipts", ("receipts", "units"), "receive"),
        ("log", ("log",), "receive"),
        ("changes", ("status", "changes"), "receive"),
        ("refused", ("refused",), "receive"),
    ],
)
def test_addresses_are_the_keys_that_there_are(channel: str, parts: tuple[str, ...], action: str) -> None:
    """With the examples of its parameters an address is the key that the services use."""
    address = DOCUMENT["channels"][channel]["address"]
    for name, parameter in DOCUMENT["channels"][channel]["parameters"].items():
        address = address.replace(f"{{{name}}}", parameter["examples"][0])
    assert address == key("zhanjiang", *parts)
    assert {
        operation["action"]
        for operation in DOCUMENT["operations"].values()
        if operation["channel"]["$ref"] == f"#/channels/{channel}"
    } == {action}


def test_inboxes_take_what_sources_say_and_the_log_has_all() -> None:
    """A message per event type, with an example that is valid by its payload."""
    for channel, names in {
        "inbox": set(SUBMITTED),
        "log": set(TYPES),
    }.items():
        messages = DOCUMENT["channels"][channel]["messages"]
        assert messages.keys() == names
        for message in messages.values():
            assert message["contentType"] == "application/cloudevents+json"
            validator(message["payload"]).validate(message["examples"][0]["payload"])
    inbox = DOCUMENT["channels"]["inbox"]["messages"]
    for wire in map(json.loads, WIRE):
        if wire["type"] in inbox:
            validator(inbox[wire["type"]]["payload"]).validate(wire)


def test_what_services_serve_is_what_the_code_says() -> None:
    """The published file is this document."""
    assert json.loads(published("asyncapi.json").read_bytes()) == DOCUMENT
