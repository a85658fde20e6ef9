"""How a service describes itself (OpenAPI 3.1): paths and parameters by Litestar, bodies and answers from the structs.

Each handler names every answer of its own (`responses`) and what it reads (`opt["body"]`). Whether it needs a token
follows from its path and `opt`, as services/common/access.py guards it. A fault (500) is no part of a description, nor
is what no path of it can answer (404, 405 elsewhere).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from typing import Any, TypeAlias

from litestar import Litestar
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.spec import Info
from litestar.routes import HTTPRoute
from msgspec import Struct

from events.contract import Schema, components, event_schema, example_of, schema_for
from events.schema import TYPES
from services.common.access import LEDGERS, OPEN
from services.common.callers import SAFE

HEALTH = "/health/"
"""Where a service's health is asked after: always answered, however many requests there are."""

JSON = "application/json"
PROBLEM = "application/problem+json"

BEARER: list[dict[str, list[str]]] = [{"bearer": []}]
"""The `security` of a handler that asks for a token, and takes no session."""

SECURITY = [*BEARER, {"session": []}]
"""Of every other path of a ledger that is not open."""

POSITION = {"Duban-Position": ("The position in the log that the answer reflects.", {"type": "integer", "minimum": 0})}

OPTIONAL = "its body may be left out"
"""The `opt` of a handler that has an answer to a request without a body, too."""

READ: Mapping[str, tuple[str, Schema]] = {
    **POSITION,
    "ETag": (
        "The entity tag; `If-None-Match` with it gets 304 while the answer is the same.",
        {"type": "string"},
    ),
}
"""Headers of a read."""

_HEADERS: Mapping[int, Mapping[str, tuple[str, Schema]]] = {
    401: {"WWW-Authenticate": ("How to authenticate.", {"const": "Bearer"})},
    429: {"Retry-After": ("Seconds after which to send the same again.", {"type": "integer", "minimum": 1})},
    503: {"Retry-After": ("Seconds after which to send the same again.", {"type": "integer", "minimum": 1})},
}

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of a source; it is good for one ledger."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "duban-<installation>-<ledger>",
        "description": "A browser's session, by the cookie that signing in sets; with the prefix __Host- over TLS."
        " Other methods than GET and HEAD then need Sec-Fetch-Site: same-origin, or the page's own Origin.",
    },
}


class Error(Struct):
    """One thing that is wrong with a request."""

    message: str
    key: str | None = None
    source: str | None = None


class Problem(Struct):
    """What an error is described as (RFC 9457), with what is wrong in `errors` where there is more to tell.

    Of one event that is too large it also has the members of its outcome.
    """

    type: str
    title: str
    status: int
    detail: str
    errors: list[Error] | None = None


class Named(Struct):
    """A schema that is no struct's, kept under a name; `needs` are the structs and others that it refers to."""

    name: str
    schema: Schema
    needs: Sequence[Any] = ()


Body: TypeAlias = Any
"""A type that msgspec knows, a Named, or a schema as it is."""


@dataclass
class Answer(ResponseSpec):
    """One answer: what may be in it by media type, and the headers it always has."""

    content: Mapping[str, Body] = field(default_factory=dict)
    headers: Mapping[str, tuple[str, Schema]] = field(default_factory=dict)


def answers(
    body: Body,
    description: str,
    media_type: str = JSON,
    headers: Mapping[str, tuple[str, Schema]] | None = None,
    more: Mapping[str, Body] | None = None,
) -> Answer:
    """Return an answer; `more` are further forms of it, by media type."""
    return Answer(
        None,
        generate_examples=False,
        description=description,
        content={media_type: body, **(more or {})},
        headers=headers or {},
    )


def empty(description: str) -> Answer:
    """Return an answer without a body."""
    return Answer(None, generate_examples=False, description=description)


def unchanged() -> dict[int, Answer]:
    """Return the answer to a client that has what it asks for."""
    text = "The client has the answer"
    return {HTTPStatus.NOT_MODIFIED: Answer(None, generate_examples=False, description=text, headers=READ)}


def problems(*statuses: int) -> dict[int, Answer]:
    """Return the problems of these statuses."""
    return {status: answers(Problem, HTTPStatus(status).phrase, PROBLEM, _HEADERS.get(status)) for status in statuses}


def place(name: str) -> str:
    """Return where a description keeps a schema."""
    return f"#/components/schemas/{name}"


def event_named(name: str, *, stored: bool = False) -> Named:
    """Return an event type's schema as a description keeps it."""
    return Named(f"{name}.stored" if stored else name, event_schema(name, place, stored=stored), [TYPES[name]])


def one_of(name: str, description: str, choices: Sequence[Named]) -> Named:
    """Return the schema of what is one of several events."""
    return Named(name, {"description": description, "anyOf": [{"$ref": place(one.name)} for one in choices]}, choices)


def examples(names: Sequence[str]) -> dict[str, Any]:
    """Return an example of each of these event types."""
    return {name: {"value": example_of(name)} for name in names}


@cache
def describe(title: str, summary: str, handlers: tuple[Any, ...]) -> Schema:
    """Return the description of the handlers of a service; any but its health can be too much.

    It is made once for all applications of a process, as tests start hundreds.
    """
    app = Litestar(handlers, openapi_config=OpenAPIConfig(title, "1"), logging_config=None)
    document = app.openapi_schema.to_schema()
    known = SchemaRegistry()
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format in document["paths"]:
            for method, operation in document["paths"][route.path_format].items():
                handler, _ = route.route_handler_map[method.upper()]
                always = {} if route.path_format.startswith(HEALTH) else problems(429, 503)
                if route.path_format.startswith(LEDGERS):
                    always |= _secure(operation, method.upper(), is_open=OPEN in handler.opt)
                _complete(operation, handler, known, {**always, **(handler.responses or {})})
    return {
        "openapi": document["openapi"],
        "info": Info(title, "1", summary=summary).to_schema(),
        "paths": dict(sorted(document["paths"].items())),
        "components": {"schemas": known.schemas(), "securitySchemes": _SCHEMES},
    }


class SchemaRegistry:
    """The schemas that a description refers to."""

    def __init__(self) -> None:
        self._named: dict[str, Schema] = {}
        self._types: list[Any] = []

    def schema(self, body: Body) -> Schema:
        """Return the schema of a body, by reference where it has a name."""
        if isinstance(body, dict):
            return body
        if isinstance(body, Named):
            if body.name not in self._named:
                self._named[body.name] = body.schema
                for need in body.needs:
                    self.schema(need)
            return {"$ref": place(body.name)}
        self._types.append(body)
        return schema_for(body, place)

    def schemas(self) -> dict[str, Schema]:
        """Return the schemas by name."""
        return dict(sorted({**components(self._types, place), **self._named}.items()))


def query_parameters(document: Schema) -> dict[str, dict[str, bool]]:
    """Return the query parameters that a description has, by path, and whether each takes any text."""
    return {
        path: {
            parameter["name"]: parameter["schema"] == {"type": "string"}
            for operation in item.values()
            for parameter in operation.get("parameters", ())
            if parameter["in"] == "query"
        }
        for path, item in document["paths"].items()
    }


def _complete(operation: Schema, handler: Any, known: SchemaRegistry, given: Mapping[int, Any]) -> None:
    """Put into an operation what Litestar does not know of it, such as its answers; take out what says nothing."""
    operation.pop("deprecated", None)
    for parameter in operation.get("parameters", ()):
        for silent in ("deprecated", "allowEmptyValue", "allowReserved"):
            parameter.pop(silent, None)
        parameter["schema"] = _not_null(parameter["schema"])
    if "body" in handler.opt:
        content = {form: {**said, "schema": known.schema(said["schema"])} for form, said in handler.opt["body"].items()}
        operation["requestBody"] = {"required": OPTIONAL not in handler.opt, "content": content}
    operation["responses"] = {
        str(status): {
            "description": answer.description,
            **({"headers": {name: _header(*said) for name, said in answer.headers.items()}} if answer.headers else {}),
            **({"content": _content(answer, known)} if answer.content else {}),
        }
        for status, answer in sorted(given.items())
    }


def _content(answer: Answer, known: SchemaRegistry) -> Schema:
    return {form: {"schema": known.schema(body)} for form, body in answer.content.items()}


def _secure(operation: Schema, method: str, *, is_open: bool) -> dict[int, Answer]:
    """Add to an operation the credentials it needs; return the problems that answer requests without them."""
    forged = {} if method in SAFE else problems(403)
    if is_open:
        return forged
    operation.setdefault("security", SECURITY)
    return {**problems(401), **forged}


def _header(description: str, schema: Schema) -> Schema:
    return {"description": description, "required": True, "schema": schema}


def _not_null(schema: Schema) -> Schema:
    """Return the schema of a parameter without null: one that is left out is not there, and none can be sent."""
    if "oneOf" in schema:
        (choice,) = (part for part in schema["oneOf"] if part != {"type": "null"})
        schema = {**choice, **{word: said for word, said in schema.items() if word != "oneOf"}}
    if isinstance(schema.get("type"), list):
        (schema["type"],) = (kind for kind in schema["type"] if kind != "null")
        schema["enum"] = [value for value in schema["enum"] if value is not None]
    schema.pop("description", None)  # the parameter has it
    return {word: int(said) if word in {"minimum", "maximum"} else said for word, said in schema.items()}
