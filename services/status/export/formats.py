"""The formats of an export, and which one a request asks for."""

from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

from litestar import Request
from litestar.datastructures.headers import Accept
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from events.text import Language

Format: TypeAlias = Literal["json", "csv", "xlsx", "docx"]

MEDIA_TYPES: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}

FormatQuery = Annotated[
    Format | None,
    QueryParameter(
        name="format", description="The form of the answer; it goes before `Accept`. An export has all rows"
    ),
]

LanguageQuery = Annotated[Language, QueryParameter(name="lang", description="The language of an export's own words")]


EXPORTED = {media_type: {"type": "string"} for format, media_type in MEDIA_TYPES.items() if format != "json"}
"""The further forms of an answer, as its description has them."""


class Form(NamedTuple):
    """The format of an answer, and the language of its words where it is an export."""

    format: Format
    language: Language


def wanted(request: Request[Any, Any, Any], format: FormatQuery = None, language: LanguageQuery = "zh") -> Form:
    """Return the form that a request asks for: by `format`, else by `Accept`; JSON where that names no other."""
    if format is not None:
        return Form(format, language)
    accept = Accept(request.headers.get("accept", "*/*"))
    best = accept.best_match(list(MEDIA_TYPES.values()), default=MEDIA_TYPES["json"])
    return Form(next(format for format, media_type in MEDIA_TYPES.items() if media_type == best), language)


FORM = {"form": Provide(wanted, sync_to_thread=False)}
"""The `dependencies` of a handler with `form`: the form that the request asks for."""

WantedForm: TypeAlias = NamedDependency[SkipValidation[Form]]
