"""Status' application: for each ledger the rows, their lights and their feed, behind plain HTTP."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from events.ledger import Ledger
from services.common.access import Access
from services.common.clock import Clock
from services.common.edge import Service
from services.common.endpoints import unloaded
from services.common.failures import FailedSignIns
from services.common.lifespan import Running, lifespan
from services.common.listening import is_loopback
from services.common.sealed_log import sealed_log
from services.common.settings import Settings, load_ledgers
from services.common.web import application
from services.status import pages
from services.status.changes import changes
from services.status.failed_minute import SECONDS as FAILED_SECONDS
from services.status.failed_minute import FailedMinute
from services.status.figures_routes import FIGURES_ROUTES
from services.status.forwarding import FORWARDED, Forwarder
from services.status.reader import StatusReader
from services.status.routes import ROUTES
from services.status.sessions import SESSION_ROUTES

CATCH_UP_SECONDS = 1.0
"""Between two reads of the log without a message: the delay that a lost message can cause."""

LIGHT_SECONDS = (0.25, 5.0)
"""Real time between two updates of the lights, shortest and longest: an hour of the ledger's time in between."""


def build(settings: Settings) -> Service:
    """Return the service; it connects when it starts."""
    ledgers = load_ledgers(settings.ledgers)
    endpoints: dict[str, StatusReader] = {}
    failed = {name: FailedMinute() for name in ledgers}
    forwarder = Forwarder({"ingest": settings.url_of("ingest"), "notify": settings.url_of("notify")})
    app = application(
        "status",
        [*ROUTES, changes, *FIGURES_ROUTES, *SESSION_ROUTES, *FORWARDED, *pages.HANDLERS],
        lifespan(settings, ledgers, endpoints, partial(_open, settings.archive, failed)),
        partial(unloaded, ledgers, endpoints),
        limits=settings.limits,
        endpoints=endpoints,
        access=Access(ledgers, settings.public_url, is_loopback(settings.host)),
    )
    app.state.forwarder = forwarder
    app.state.failed_sign_ins = FailedSignIns()
    app.state.failed_minutes = failed
    app.on_shutdown.append(forwarder.close)
    return app


async def _open(
    archive: str | None,
    failed: Mapping[str, FailedMinute],
    service: Running,
    name: str,
    ledger: Ledger,
    clock: Clock,
) -> StatusReader:
    """Load a ledger's rows, and follow its log and update its lights from there; record failed sign-ins."""
    reader = StatusReader(service.redis, name, ledger, clock, service.follow, sealed_log(archive, name))
    await reader.load()
    shortest, longest = LIGHT_SECONDS
    flush = partial(failed[name].flush, service.redis, name)
    service.on_stop(flush)
    service.repeat(FAILED_SECONDS, flush)
    service.repeat(CATCH_UP_SECONDS, reader.catch_up)
    service.repeat(min(longest, max(shortest, clock.real_seconds(timedelta(hours=1)))), reader.relight)
    return reader
