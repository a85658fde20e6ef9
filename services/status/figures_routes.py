"""The figures over HTTP: the units, the whole ledger, and the days on which tasks fall due."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import PathParameter, QueryParameter
from msgspec.structs import asdict

from services.common.conditional import answer_if_new
from services.common.endpoints import ENDPOINT
from services.contract.openapi import READ, Named, answers, place, problems, unchanged
from services.status.export.download import Asked
from services.status.export.exports import overview_export, units_export
from services.status.export.formats import EXPORTED, FORM, WantedForm
from services.status.export.notice import Facts, NoticeTask
from services.status.exporting import about
from services.status.figures.board import BoardFigures, Overview, days_until
from services.status.figures.deadlines import CalendarDays
from services.status.figures.units import UnitFigures, UnitPage, UnitSort, UnitTally, ranked
from services.status.past.board import PastBoard
from services.status.past.comparison import ChangeCounts
from services.status.past.timeline import Moment
from services.status.past_answers import Compare
from services.status.reader import StatusReader
from services.status.routes import AsOf, StatusEndpoint

MOST_DAYS = 3_700
"""Days of one calendar: ten years, as every day that has deadlines is in the answer."""

UnitName = Annotated[str, PathParameter(description="A unit, by any of its names")]


class ComparedOverview(Overview, frozen=True):
    """The figures of a ledger, with those of another moment, and how many tasks have each change between the two."""

    before: Overview
    changes: ChangeCounts


OVERVIEW = Named(
    "OverviewAnswer",
    {"anyOf": [{"$ref": place(one.__name__)} for one in (Overview, ComparedOverview)]},
    [Overview, ComparedOverview],
)
"""The schema of an overview; that of a comparison has more members."""


class FiguresAt(NamedTuple):
    """The figures of a board, its position, what else they follow from, its instant, and the board if it is past."""

    figures: BoardFigures
    position: int
    edition: str
    at: datetime
    past: PastBoard | None


@get(
    "/v1/{ledger:str}/units",
    operation_id="units",
    summary="The figures of every unit that has a task",
    dependencies={**ENDPOINT, **FORM},
    responses={200: answers(UnitPage, "All units", headers=READ, more=EXPORTED), **unchanged(), **problems(400, 404)},
)
async def units(
    request: Request[Any, Any, Any],
    endpoint: StatusEndpoint,
    form: WantedForm,
    sort: Annotated[
        UnitSort, QueryParameter(description="The order; - turns it round. Units without the figure are last.")
    ] = "unit",
    as_of: AsOf = None,
) -> Response[bytes]:
    figures, position, edition, at, _ = await figures_at(endpoint, as_of)

    def items() -> list[UnitFigures]:
        return ranked(figures.units(at, position), sort)

    if form.format != "json":
        asked = Asked(request, form, edition)
        return await units_export(items(), asked, about(endpoint, at, position, form.language))
    return answer_if_new(request, position, edition, lambda: UnitPage(found := items(), None, len(found)))


@get(
    "/v1/{ledger:str}/units/{unit:str}",
    operation_id="unit",
    summary="The figures of one unit",
    dependencies=ENDPOINT,
    responses={200: answers(UnitFigures, "Its figures", headers=READ), **unchanged(), **problems(400, 404)},
)
async def unit_figures(
    request: Request[Any, Any, Any], endpoint: StatusEndpoint, unit: UnitName, as_of: AsOf = None
) -> Response[bytes]:
    figures, position, edition, at, _ = await figures_at(endpoint, as_of)
    ledger = endpoint.board.ledger
    name = ledger.directory.named(unit)
    found = figures.unit(name, at, position)
    if found is None:
        _check_known(endpoint, name, position)
        found = UnitTally().figures(name, ledger.day(at), None, position)
    return answer_if_new(request, position, edition, lambda: found)


@get(
    "/v1/{ledger:str}/overview",
    operation_id="overview",
    summary="The figures of the ledger",
    dependencies={**ENDPOINT, **FORM},
    responses={200: answers(OVERVIEW, "The figures", headers=READ, more=EXPORTED), **unchanged(), **problems(400, 404)},
)
async def ledger_overview(
    request: Request[Any, Any, Any],
    endpoint: StatusEndpoint,
    form: WantedForm,
    as_of: AsOf = None,
    compare: Compare = None,
) -> Response[bytes]:
    shown = await figures_at(endpoint, as_of)
    overview = _overview(endpoint, shown)
    if form.format != "json":
        if compare is not None:
            raise ValidationException("figures compared are JSON only; /tasks?compare= has an export of what changed")
        return await _export(Asked(request, form, shown.edition), endpoint, shown, overview)
    edition = f"{shown.edition}|{shown.at.isoformat()}"
    if compare is None:
        return answer_if_new(request, shown.position, edition, lambda: overview)
    base = await figures_at(endpoint, compare, "compare")
    before = _overview(endpoint, base)
    moments = [Moment(one.position, one.at, live=one.past is None) for one in (shown, base)]
    changes = await endpoint.counts(*moments)
    compared = ComparedOverview(**{**asdict(overview), "before": before, "changes": changes})
    return answer_if_new(request, shown.position, f"{edition}|{base.edition}", lambda: compared)


@get(
    "/v1/{ledger:str}/calendar",
    operation_id="calendar",
    summary="The days on which tasks fall due: the last days on which they are in time",
    dependencies=ENDPOINT,
    responses={200: answers(CalendarDays, "The days", headers=READ), **unchanged(), **problems(400, 404)},
)
async def calendar(
    request: Request[Any, Any, Any],
    endpoint: StatusEndpoint,
    first: Annotated[date, QueryParameter(name="from", description="The first day (2018-12-01)")],
    last: Annotated[date, QueryParameter(name="to", description="The last day (2018-12-31), included")],
    as_of: AsOf = None,
) -> Response[bytes]:
    if not 0 <= (last - first).days < MOST_DAYS:
        raise ValidationException(f"to {last} must be at or after from {first}, by less than {MOST_DAYS:,} days")
    figures, position, edition, _, _ = await figures_at(endpoint, as_of)
    return answer_if_new(request, position, edition, lambda: figures.calendar(first, last, position))


FIGURES_ROUTES = (units, unit_figures, ledger_overview, calendar)


async def figures_at(endpoint: StatusReader, moment: str | None, name: str = "as_of") -> FiguresAt:
    """Return the figures now, or as of a position or instant in the parameter `name`, summed off the event loop.

    The edition has the day: days late grow from one to the next.
    """
    zone = endpoint.board.ledger.zone
    if moment is None:
        snapshot, now = endpoint.board.live(), endpoint.clock.now().astimezone(zone)
        return FiguresAt(endpoint.board.figures, snapshot.position, f"{snapshot.edition}|{now.date()}", now, None)
    found = endpoint.board.past.at(await endpoint.moment(name, moment))
    _, edition = endpoint.edition(found)
    past, figures = await endpoint.figures(found)
    at = (past.at or endpoint.clock.now()).astimezone(zone)
    return FiguresAt(figures, past.position, f"{edition}|{at.date()}", at, past)


def _overview(endpoint: StatusReader, shown: FiguresAt) -> Overview:
    days = days_until(endpoint.board.past.days(), shown.position)
    ledger = endpoint.board.ledger
    return shown.figures.overview(ledger.title, shown.at, shown.position, days, ledger.light_names)


async def _export(asked: Asked, endpoint: StatusReader, shown: FiguresAt, overview: Overview) -> Response[bytes]:
    """Return the figures as tables, or as the draft of a notice."""
    ledger = endpoint.board.ledger
    tasks: Iterable[NoticeTask] = shown.past.listed(ledger.zone) if shown.past is not None else ()
    if shown.past is None:  # a view that is valid until the event loop runs on
        tasks = list(endpoint.board.live().rows.values())
    ranking = ranked(shown.figures.units(shown.at, shown.position), "-on_time_rate")
    facts = Facts(overview, ranking, tasks, ledger.alerts.supervisor)
    return await overview_export(facts, asked, about(endpoint, shown.at, shown.position, asked.form.language))


def _check_known(endpoint: StatusReader, name: str, position: int) -> None:
    """Raise NotFoundException for a name that is no unit of the ledger's directory."""
    directory = endpoint.board.ledger.directory
    if directory.knows(name):
        return
    listed = f"GET /v1/{endpoint.board.log.ledger}/units lists those that have a task at position {position}"
    members = directory.groups.get(name)
    detail = f"no unit is called {name!r}" if members is None else f"{name!r} is a group of {'、'.join(members)}"
    raise NotFoundException(f"{detail}; {listed}", headers={"Duban-Position": str(position)})
