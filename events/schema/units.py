"""Units as events name them: their roles, and who leads. Pure."""

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from events.schema.texts import Name

Role: TypeAlias = Annotated[
    Literal["lead", "cooperating"], Meta(description="牵头 (lead) or 配合 (cooperating).", examples=["lead"])
]


class Unit(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A unit (责任单位) as the text names it; a `group` stands for several, an `open` one for unnamed ones."""

    name: Annotated[Name, Meta(description="The name, as the text has it.", examples=["市残联"])]
    role: Role = "cooperating"
    group: Annotated[bool, Meta(description="Stands for the members of a group (各县（市、区）政府).")] = False
    open: Annotated[bool, Meta(description="Stands for units that the text leaves open (等有关部门).")] = False


class AssignedUnit(Unit, frozen=True, gc=False):
    """A unit (责任单位) as an assignment names it, with its person in charge (责任人) where the text names one."""

    person: Annotated[Name, Meta(description="Its person in charge (责任人).", examples=["张三"])] | UnsetType = UNSET


UnitName: TypeAlias = Annotated[
    Name, Meta(description="A unit (责任单位), by a name the ledger's directory knows.", examples=["市残联"])
]
Lead: TypeAlias = Annotated[
    Name,
    Meta(
        description="The lead unit (牵头单位); it has to be among `units`, with the role `lead`.", examples=["市残联"]
    ),
]
Units: TypeAlias = Annotated[
    tuple[Unit, ...],
    Meta(
        min_length=1,
        max_length=200,
        description="All units of the task (责任单位), the lead included; none may be named twice.",
        examples=[
            [
                {"name": "市残联", "role": "lead", "group": False, "open": False},
                {"name": "各县（市、区）政府", "role": "cooperating", "group": True, "open": False},
            ]
        ],
        extra_json_schema={
            "uniqueItems": True,
            "contains": {"type": "object", "properties": {"role": {"const": "lead"}}, "required": ["role"]},
        },
    ),
]
if TYPE_CHECKING:
    AssignedUnits: TypeAlias = tuple[Unit, ...]  # those of the first version stay units without persons
else:
    AssignedUnits: TypeAlias = Annotated[
        tuple[AssignedUnit, ...],
        Meta(
            min_length=1,
            max_length=200,
            description="All units of the task (责任单位), the lead included; none may be named twice.",
            examples=[
                [
                    {"name": "市残联", "role": "lead", "group": False, "open": False, "person": "张三"},
                    {"name": "各县（市、区）政府", "role": "cooperating", "group": True, "open": False},
                ]
            ],
            extra_json_schema={
                "uniqueItems": True,
                "contains": {"type": "object", "properties": {"role": {"const": "lead"}}, "required": ["role"]},
            },
        ),
    ]


def person_of(unit: Unit) -> str | None:
    """Return a unit's person in charge; None where none is named."""
    return unit.person if isinstance(unit, AssignedUnit) and unit.person is not UNSET else None


def check_lead(lead: str, units: tuple[Unit, ...]) -> None:
    """Raise ValueError where a unit is named twice, or the lead is none of them."""
    names = [unit.name for unit in units]
    if len(set(names)) != len(names):
        raise ValueError("a unit is named twice in units")
    if not any(unit.name == lead and unit.role == "lead" for unit in units):
        raise ValueError(f"lead {lead!r} is not among units with the role 'lead'")
