"""The description of duban's streams (AsyncAPI 3.0), as those see them who write to an inbox or read the others.

FastStream could describe its own subscribers, but knows nothing of entries that our parsers take as they are.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from events.contract import Schema, example_of
from events.schema import SUBMITTED, TYPES
from services.contract.ingest import ACCEPTED, DUPLICATE, ONE, REFUSED
from services.contract.openapi import JSON, Named, SchemaRegistry, event_named
from services.ingest.draft import RECEIPTS_KEPT
from services.notify.alerts import Alert
from services.notify.record import Attempted, ChannelChanged, Dead, Dropped, Resent
from services.status.row import TaskRow
from services.status.store import CHANGES_KEPT

_PARAMETERS = {
    "ledger": {
        "description": "The ledger's name in braces: they are part of the key, and keep a ledger's keys together.",
        "examples": ["{zhanjiang}"],
    },
    "source": {"description": "The source, as the ledger's configuration names it.", "examples": ["units"]},
}


class StreamChannel(NamedTuple):
    """One stream: its messages by name, and what those who use it do with it."""

    address: str
    title: str
    description: str
    does: str
    summary: str
    messages: dict[str, Schema]


def asyncapi() -> Schema:
    """Return the whole description."""
    known = SchemaRegistry()
    channels = {
        "inbox": StreamChannel(
            "duban:{ledger}:inbox:{source}",
            "A source's inbox",
            "Events of one source, which the server's ACL lets nobody else add: `XADD <inbox> * e <event>`. A message"
            " of FastStream's publishers (the field `__data__`) is an event, too. Each entry gets a receipt.",
            "send",
            "Submit events",
            _events(known, SUBMITTED, stored=False),
        ),
        "receipts": StreamChannel(
            "duban:{ledger}:receipts:{source}",
            "A source's receipts",
            f"The outcome of each inbox entry of the source, in order; the last {RECEIPTS_KEPT:,}. To get the outcome"
            " of an older event, send it again.",
            "receive",
            "Read the outcomes of an inbox",
            {
                outcome.name.lower(): _message(
                    known, outcome, outcome.schema["description"], {"inbox": "The id of the inbox entry."}
                )
                for outcome in (ACCEPTED, DUPLICATE, REFUSED)
            },
        ),
        "log": StreamChannel(
            "duban:{ledger}:log",
            "The log",
            "Every accepted event, for ever: entry ids are `<position>-0`, positions 1, 2, 3 … without a gap. Bytes are"
            " the source's own, then what the ledger adds. The ledger `ops` alone has the types `duban.ops.…`.",
            "receive",
            "Replay and follow what was recorded",
            _events(known, list(TYPES), stored=True),
        ),
        "changes": StreamChannel(
            "duban:{ledger}:status:changes",
            "Task rows as they change",
            f"The row of a task after each event, and where time alone changed its light; the last {CHANGES_KEPT:,}."
            " The id of an entry is `<position>-<n>`; n > 0 where no event caused it.",
            "receive",
            "Follow the status of the tasks",
            {"row": _message(known, TaskRow, "A task's row, as GET /v1/{ledger}/tasks gives it.")},
        ),
        "refused": _refused(known),
        "record": _record(known),
    }
    return {
        "asyncapi": "3.0.0",
        "id": "urn:duban:streams",
        "info": {
            "title": "duban streams",
            "version": "1",
            "description": "Redis streams of duban. The payload of a message is the field `e` of an entry, its headers"
            " are the other fields. The same is to be had over HTTP: /v1/openapi.json of each service.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": JSON,
        "servers": {
            "redis": {
                "host": "127.0.0.1:6379",
                "protocol": "redis",
                "description": "Redis 7.2 or later, or Valkey: where DUBAN_REDIS_URL points.",
            }
        },
        "channels": {name: _channel(channel) for name, channel in channels.items()},
        "operations": {
            f"{channel.does}{name.capitalize()}": {
                "action": channel.does,
                "channel": {"$ref": f"#/channels/{name}"},
                "title": channel.summary,
                "messages": [{"$ref": f"#/channels/{name}/messages/{message}"} for message in channel.messages],
            }
            for name, channel in channels.items()
        },
        "components": {"schemas": known.schemas()},
    }


def _refused(known: SchemaRegistry) -> StreamChannel:
    return StreamChannel(
        "duban:{ledger}:refused",
        "What was refused",
        "Every refused submission of a known source, over both doors, for ever: number, reason, who and when."
        " The bytes of a source's newest ones are in the stream `duban:{ledger}:refused:bodies:<source>`, field"
        " `raw`, under the same id. Entries without `n`, from before, have the bytes in their own field `raw`.",
        "receive",
        "Look at what was refused",
        {
            "refused": _message(
                known,
                REFUSED,
                REFUSED.schema["description"],
                {
                    "by": "The authenticated source.",
                    "at": "The ledger's instant (RFC 3339, UTC).",
                    "door": "`http`, or the key of the inbox.",
                },
                {
                    "n": "Its number: 1, 2, 3 … without a gap over the whole stream.",
                    "size": "How many bytes were sent.",
                    "sha256": "The SHA-256 of the bytes, in hex.",
                    "head": "Of a request whose body was not read: method, path and some headers, as JSON.",
                    "raw": "The bytes, in entries without `n`.",
                },
            )
        },
    )


def _record(known: SchemaRegistry) -> StreamChannel:
    return StreamChannel(
        "duban:{ledger}:record",
        "The record of alerts",
        "Every alert and everything that became of it: the id of an entry is `<n>-0`, and the numbers are 1, 2, 3 …"
        " without a gap. What was trimmed from the beginning is in the archive alone. The bytes are never touched"
        " again. `kind` says what an entry is; `at` is the ledger's instant; `channel` names a channel without its"
        " secrets.",
        "receive",
        "Look at who was alerted of what, and with what result",
        {
            "alert": _message(known, Alert, "An alert arose. The entry also has the member `kind`: `alert`."),
            **{
                str(kind.__struct_config__.tag): _message(known, kind, (kind.__doc__ or "").strip())
                for kind in (Dropped, Attempted, Dead, Resent, ChannelChanged)
            },
        },
    )


def _channel(channel: StreamChannel) -> Schema:
    return {
        "address": channel.address,
        "title": channel.title,
        "description": channel.description,
        "servers": [{"$ref": "#/servers/redis"}],
        "parameters": {name: said for name, said in _PARAMETERS.items() if f"{{{name}}}" in channel.address},
        "messages": channel.messages,
        "bindings": {"redis": {}},  # reserved by the specification, and empty
        "x-redis": {"type": "stream", "payload": "the field e", "headers": "the other fields"},
    }


def _events(known: SchemaRegistry, names: Sequence[str], *, stored: bool) -> dict[str, Schema]:
    """Return a message for each event type."""
    messages = {}
    for name in names:
        form = event_named(name, stored=stored)
        messages[name] = {
            **_message(known, form, (TYPES[name].__doc__ or "").strip()),
            "contentType": ONE,
            "examples": [{"payload": example_of(name, stored=stored)}],
        }
    return messages


def _message(
    known: SchemaRegistry,
    body: Named | type,
    summary: str,
    fields: dict[str, str] | None = None,
    optional: dict[str, str] | None = None,
) -> Schema:
    schema = known.schema(body)
    name = body.name if isinstance(body, Named) else body.__name__
    message: dict[str, Any] = {"name": name, "title": name, "summary": summary, "contentType": JSON, "payload": schema}
    if fields:
        every = {**fields, **(optional or {})}
        properties = {field: {"type": "string", "description": said} for field, said in every.items()}
        message["headers"] = {"type": "object", "properties": properties, "required": list(fields)}
    return message
