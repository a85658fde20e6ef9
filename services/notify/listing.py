"""The list of alerts over HTTP."""

from typing import Annotated, TypeAlias

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter, SkipValidation

from events.alert_rule import Trigger
from events.deadline import EARLIEST
from events.envelope import read
from events.text import name_of
from services.common.endpoints import ENDPOINT, answer_at
from services.common.moments import INSTANT, MOMENT, read_instant, read_moment
from services.contract.openapi import POSITION, answers, problems
from services.notify.deliveries import State
from services.notify.known import PRESENT, KnownMoment
from services.notify.notify_endpoint import Notify
from services.notify.reader import AlertReader
from services.notify.store import AlertQuery
from services.notify.views import AlertPage, view

Recipient: TypeAlias = Annotated[str | None, QueryParameter(description="To whom")]
TaskName: TypeAlias = Annotated[str | None, QueryParameter(description="A task's id")]
On: TypeAlias = Annotated[Trigger | None, QueryParameter(description="What gave rise to it")]
InState: TypeAlias = Annotated[  # Litestar keeps `state` for itself
    State | None, QueryParameter(name="state", description="What became of it")
]
Since: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="Not before this instant (RFC 3339, with offset, years 1950 to 2999)", schema_extra=INSTANT
    ),
]
Until: TypeAlias = Annotated[
    str | None,
    QueryParameter(description="Before this instant (RFC 3339, with offset, years 1950 to 2999)", schema_extra=INSTANT),
]
AsOf: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="As was known at a position of the log, or at an instant (RFC 3339, years 1950 to 2999)",
        schema_extra=MOMENT,
    ),
]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=1_000, description="Alerts in one answer")]
Cursor: TypeAlias = Annotated[
    str | None,
    QueryParameter(pattern=r"^[1-9][0-9]{0,14}-[0-9]{1,15}$(?!\n)", description="`next` of the page before"),
]

WantedAlerts: TypeAlias = NamedDependency[SkipValidation[AlertQuery]]


async def _wanted(
    endpoint: Notify,
    recipient: Recipient = None,
    task: TaskName = None,
    on: On = None,
    in_state: InState = None,
    since: Since = None,
    until: Until = None,
    as_of: AsOf = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> AlertQuery:
    """Return what a request asks for; raises ValidationException for text that is no moment."""
    return AlertQuery(
        recipient=recipient and name_of(recipient),
        task=task and name_of(task),
        on=on,
        state=in_state,
        limit=limit,
        cursor=cursor,
        since=read_instant("since", since) if since is not None else None,
        until=read_instant("until", until) if until is not None else None,
        as_of=await _moment(endpoint.reader, as_of) if as_of is not None else PRESENT,
    )


@get(
    "/v1/{ledger:str}/alerts",
    operation_id="alerts",
    summary="Alerts, newest first, with what became of them and who acknowledged them",
    dependencies={**ENDPOINT, "wanted": Provide(_wanted)},
    responses={200: answers(AlertPage, "The alerts that are asked for", headers=POSITION), **problems(400, 404)},
)
async def list_alerts(endpoint: Notify, wanted: WantedAlerts) -> Response[bytes]:
    alerts = endpoint.reader.alerts
    position = alerts.projection.saved
    found, following = await alerts.select(wanted)
    rows = alerts.projection.rows
    acks = [wanted.as_of.acks(rows[one.alert.task].acks) if one.alert.task in rows else () for one in found]
    shown = [view(alerts.ledger, one, of_task) for one, of_task in zip(found, acks, strict=True)]
    reached = wanted.as_of.position
    return answer_at(position if reached is None else min(position, reached), AlertPage(shown, following))


async def _moment(reader: AlertReader, text: str) -> KnownMoment:
    """Return the moment of a position or an instant, after the events that may still belong to it are folded."""
    moment = read_moment("as_of", text)
    projection = reader.alerts.projection
    if not isinstance(moment, int):
        await reader.catch_up()
        return KnownMoment(None, moment)
    if moment > projection.position:
        await reader.catch_up()
    if moment > projection.position:
        return PRESENT
    found = await projection.log.read_at([moment]) if moment else []
    return KnownMoment(moment, read(found[0].raw).recorded if found else EARLIEST)
