"""The members of a row that a reader asks for (`fields`), and the page that has them."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeAlias

from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

from services.contract.openapi import Named, place
from services.status.row import TaskRow

MEMBERS = TaskRow.__struct_fields__

_ANY = f"({'|'.join(MEMBERS)})"

Fields: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="The members that each row has, separated by commas: all, if not given",
        schema_extra={"pattern": f"^{_ANY}(,{_ANY})*$", "examples": ["task,title,light"]},
    ),
]

_PART = Named(
    "PartialRow",
    {
        "type": "object",
        "description": "The members of a row that `fields` names.",
        "propertyNames": {"enum": list(MEMBERS)},
        "minProperties": 1,
    },
)

PAGE = Named(
    "Page",
    {
        "type": "object",
        "description": "Some of the rows, the cursor of the next page (null on the last one), and how many rows match.",
        "properties": {
            "items": {"type": "array", "items": {"anyOf": [{"$ref": place("TaskRow")}, {"$ref": place("PartialRow")}]}},
            "next": {"type": ["string", "null"]},
            "total": {"type": "integer", "minimum": 0},
        },
        "required": ["items", "next", "total"],
    },
    [TaskRow, _PART],
)


def read_members(text: str) -> tuple[str, ...]:
    """Return the members that a query names, in a row's order; raises ValidationException where it names others."""
    asked = text.split(",")
    unknown = [name for name in dict.fromkeys(asked) if name not in MEMBERS]
    if unknown:
        raise ValidationException(f"fields has {', '.join(map(repr, unknown))}; a row has: {', '.join(MEMBERS)}")
    return tuple(name for name in MEMBERS if name in asked)


def partial_row(row: TaskRow, members: Sequence[str]) -> dict[str, Any]:
    """Return some members of a row."""
    return {name: getattr(row, name) for name in members}
