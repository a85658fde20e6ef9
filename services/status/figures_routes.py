"""The figures over HTTP: the units, the whole ledger, and the days on which tasks fall due."""

from datetime import date, datetime
from typing import Annotated, NamedTuple

from litestar import Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import PathParameter, QueryParameter

from services.common.endpoints import ENDPOINT, answer_at
from services.contract.openapi import POSITION, answers, problems
from services.status.export.exports import overview_export, units_export
from services.status.export.formats import EXPORTED, FORM, WantedForm
from services.status.export.notice import Facts
from services.status.figures.board import BoardFigures, Overview
from services.status.figures.deadlines import CalendarDays
from services.status.figures.units import UnitFigures, UnitPage, UnitSort, UnitTally, ranked
from services.status.past.board import PastBoard
from services.status.reader import StatusReader
from services.status.routes import AsOf, StatusEndpoint, about

MOST_DAYS = 3_700
"""Days of one calendar: ten years, as every day that has deadlines is in the answer."""

UnitName = Annotated[str, PathParameter(description="A unit, by any of its names")]


class FiguresAt(NamedTuple):
    """The figures of a board, its position and instant, and the board where it is a past one."""

    figures: BoardFigures
    position: int
    at: datetime
    past: PastBoard | None


@get(
    "/v1/{ledger:str}/units",
    operation_id="units",
    summary="The figures of every unit that has a task",
    dependencies={**ENDPOINT, **FORM},
    responses={200: answers(UnitPage, "All units", headers=POSITION, more=EXPORTED), **problems(400, 404)},
)
async def units(
    endpoint: StatusEndpoint,
    form: WantedForm,
    sort: Annotated[
        UnitSort, QueryParameter(description="The order; - turns it round. Units without the figure are last.")
    ] = "unit",
    as_of: AsOf = None,
) -> Response[bytes]:
    figures, position, at, _ = await figures_at(endpoint, as_of)
    items = ranked(figures.units(at, position), sort)
    if form.format != "json":
        return await units_export(items, form.format, about(endpoint, at, position, form.language))
    return answer_at(position, UnitPage(items, None, len(items)))


@get(
    "/v1/{ledger:str}/units/{unit:str}",
    operation_id="unit",
    summary="The figures of one unit",
    dependencies=ENDPOINT,
    responses={200: answers(UnitFigures, "Its figures", headers=POSITION), **problems(400, 404)},
)
async def unit_figures(endpoint: StatusEndpoint, unit: UnitName, as_of: AsOf = None) -> Response[bytes]:
    figures, position, at, _ = await figures_at(endpoint, as_of)
    ledger = endpoint.board.ledger
    name = ledger.directory.named(unit)
    found = figures.unit(name, at, position)
    if found is None:
        _check_known(endpoint, name, position)
        found = UnitTally().figures(name, ledger.day(at), None, position)
    return answer_at(position, found)


@get(
    "/v1/{ledger:str}/overview",
    operation_id="overview",
    summary="The figures of the ledger",
    dependencies={**ENDPOINT, **FORM},
    responses={200: answers(Overview, "The figures", headers=POSITION, more=EXPORTED), **problems(400, 404)},
)
async def ledger_overview(
    endpoint: StatusEndpoint,
    form: WantedForm,
    as_of: AsOf = None,
) -> Response[bytes]:
    figures, position, at, past = await figures_at(endpoint, as_of)
    ledger = endpoint.board.ledger
    overview = figures.overview(ledger.title, at, position)
    if form.format == "json":
        return answer_at(position, overview)
    ranking = ranked(figures.units(at, position), "-on_time_rate")
    tasks = [task.row for task in endpoint.board.projection.rows.values()] if past is None else past.listed(ledger.zone)
    facts = Facts(overview, ranking, tasks, ledger.alerts.supervisor)
    return await overview_export(facts, form.format, about(endpoint, at, position, form.language))


@get(
    "/v1/{ledger:str}/calendar",
    operation_id="calendar",
    summary="The days on which tasks fall due: the last days on which they are in time",
    dependencies=ENDPOINT,
    responses={200: answers(CalendarDays, "The days that have deadlines", headers=POSITION), **problems(400, 404)},
)
async def calendar(
    endpoint: StatusEndpoint,
    first: Annotated[date, QueryParameter(name="from", description="The first day (2018-12-01)")],
    last: Annotated[date, QueryParameter(name="to", description="The last day (2018-12-31), included")],
    as_of: AsOf = None,
) -> Response[bytes]:
    if not 0 <= (last - first).days < MOST_DAYS:
        raise ValidationException(f"to {last} must be at or after from {first}, by less than {MOST_DAYS:,} days")
    figures, position, _, _ = await figures_at(endpoint, as_of)
    return answer_at(position, figures.calendar(first, last, position))


FIGURES_ROUTES = (units, unit_figures, ledger_overview, calendar)


async def figures_at(endpoint: StatusReader, as_of: str | None) -> FiguresAt:
    """Return the figures now, or as of a position or instant; those are summed off the event loop."""
    zone = endpoint.board.ledger.zone
    if as_of is None:
        now, board = endpoint.clock.now().astimezone(zone), endpoint.board
        return FiguresAt(endpoint.figures.current(), board.position, now, None)
    past = await endpoint.past(as_of)
    figures = await endpoint.board.past.figures(past)
    return FiguresAt(figures, past.position, (past.at or endpoint.clock.now()).astimezone(zone), past)


def _check_known(endpoint: StatusReader, name: str, position: int) -> None:
    """Raise NotFoundException for a name that is no unit of the ledger's directory."""
    directory = endpoint.board.ledger.directory
    if directory.knows(name):
        return
    listed = f"GET /v1/{endpoint.board.log.ledger}/units lists those that have a task at position {position}"
    members = directory.groups.get(name)
    detail = f"no unit is called {name!r}" if members is None else f"{name!r} is a group of {'、'.join(members)}"
    raise NotFoundException(f"{detail}; {listed}", headers={"Duban-Position": str(position)})
