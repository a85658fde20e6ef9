"""What signing in takes and answers: tokens and codes in, who is signed in out."""

from datetime import datetime
from typing import Annotated, TypeAlias

from msgspec import UNSET, Meta, Struct, UnsetType

from events.contract import components
from events.ledger import SourceRole
from services.common.sessions import MOST_DAYS
from services.contract.openapi import Named, place

MOST_BODY = 4_096
"""Bytes of a request here: a token has 49 characters."""

Days: TypeAlias = Annotated[
    float, Meta(ge=1, le=MOST_DAYS, multiple_of=1, description="How long a dashboard's session lasts")
]
"""Whole days; JSON has one type of number, so 26.0 is one of them."""

Secret: TypeAlias = Annotated[str, Meta(min_length=1)]


class SignIn(Struct, forbid_unknown_fields=True):
    """A token or a one-time code; with a dashboard's token, the days for which to stay signed in."""

    token: Secret | UnsetType = UNSET
    code: Secret | UnsetType = UNSET
    days: Days | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.token is UNSET) == (self.code is UNSET):
            raise ValueError("either a token or a code is needed")
        if self.code is not UNSET and self.days is not UNSET:
            raise ValueError("days go with a token; those of a code were set when it was made")


SIGN_IN = Named(
    "SignIn",
    {
        **components([SignIn], place)["SignIn"],
        "oneOf": [
            {"required": ["token"], "not": {"required": ["code"]}},
            {"required": ["code"], "not": {"anyOf": [{"required": ["token"]}, {"required": ["days"]}]}},
        ],
    },
)
"""Its schema, with what one member has to do with another."""


class CodeOrder(Struct, forbid_unknown_fields=True):
    """A one-time code that is wanted; for a dashboard's token, the days that its session is to last."""

    days: Days | UnsetType = UNSET


class IssuedCode(Struct):
    """A one-time code, and the instant from which it is good no more."""

    code: str
    expires: datetime


class SignedIn(Struct):
    """Who reads: nobody in particular where everybody may; `until` is when the session or token ends at the latest."""

    source: str | None
    role: SourceRole | None
    units: tuple[str, ...]
    until: datetime | None
