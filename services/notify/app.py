"""Notify's application: for each ledger an alert reader and a sender; alerts are read over HTTP."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import structlog

from events.alerting import EVERYBODY
from events.ledger import Ledger
from events.working_days import WorkingDays
from services.common.access import Access
from services.common.calendars import load_working_days, missing_calendars
from services.common.clock import Clock
from services.common.edge import Service
from services.common.endpoints import unloaded
from services.common.lifespan import Running, lifespan
from services.common.listening import is_loopback
from services.common.sealed_log import sealed_log
from services.common.sealed_record import sealed_record
from services.common.settings import Settings, SettingsError, load_ledgers
from services.common.web import application
from services.notify.ack_inbox import AckInbox
from services.notify.ack_links import load_links
from services.notify.ack_pages import ACK_PAGES
from services.notify.ack_routes import acknowledge
from services.notify.acknowledger import Acknowledger
from services.notify.buckets import Buckets
from services.notify.calendar.reader import CalendarReader
from services.notify.calendar.routes import deadlines
from services.notify.carrying import Carrier
from services.notify.channels.fault import fault
from services.notify.channels.network import Network
from services.notify.channels.way import way_of
from services.notify.environment import Environment
from services.notify.listing import list_alerts
from services.notify.notify_endpoint import NotifyEndpoint
from services.notify.outbox import Outbox
from services.notify.reader import AlertReader
from services.notify.sender import Sender
from services.notify.store import Alerts
from services.notify.warnings import channel_warnings
from services.notify.ways import Ways

CATCH_UP_SECONDS = 1.0
"""Between two reads of the log without a message: the delay that a lost message can cause."""

ELAPSE_SECONDS = 0.25
"""Between two looks at the clock: the delay of an alert that arises by time alone."""

PAUSE_SECONDS = 0.01
"""Between two turns of a sender; longer only where a turn fails at once, repeatedly."""

log = structlog.get_logger()


def build(settings: Settings) -> Service:
    """Return the service; it connects when it starts. Raises SettingsError where a channel cannot be used."""
    ledgers = load_ledgers(settings.ledgers)
    for name, ledger in ledgers.items():
        _check_channels(settings.ledgers / f"{name}.toml", ledger)
    days = load_working_days(settings.ledgers)
    endpoints: dict[str, NotifyEndpoint] = {}
    return application(
        "notify",
        [list_alerts, acknowledge, *ACK_PAGES, deadlines],
        lifespan(settings, ledgers, endpoints, partial(_open, settings, days)),
        partial(unloaded, ledgers, endpoints),
        limits=settings.limits,
        endpoints=endpoints,
        access=Access(ledgers, settings.public_url, is_loopback(settings.host)),
        warnings=partial(_warnings, settings.ledgers, days, ledgers, endpoints),
    )


async def _open(
    settings: Settings, days: WorkingDays, service: Running, name: str, ledger: Ledger, clock: Clock
) -> NotifyEndpoint:
    """Load a ledger's alerts, and follow its log and send from there."""
    network = await service.enter(Network(ledger.alerts, clock))
    ways = Ways(ledger, lambda channel: way_of(channel, network))
    archive = sealed_log(settings.archive, name)
    record = sealed_record(service.redis, settings.archive, name)
    alerts = Alerts(service.redis, name, ledger, days, archive, record)
    links = await load_links(service.redis, name, settings.public_url)
    given = Environment(name, ledger, clock, ways, days, settings.public_url, links=links)
    outbox = Outbox(service.redis, name, settings.replicas, record)
    sender = Sender(outbox, alerts, Buckets(service.redis), given)
    calendars = CalendarReader(service.redis, name, ledger, clock, service.follow, settings.public_url, archive)
    reader = AlertReader(service.redis, given, alerts, sender, service.follow, calendars)
    await Carrier(service.redis, name, ledger, ways, outbox).carry_over()
    await calendars.load()
    await reader.load()
    service.on_stop(sender.stop)
    service.repeat(CATCH_UP_SECONDS, calendars.catch_up)
    service.repeat(CATCH_UP_SECONDS, reader.catch_up)
    service.repeat(ELAPSE_SECONDS, reader.elapse)
    service.repeat(PAUSE_SECONDS, sender.turn)
    inbox = AckInbox(service.redis, name, settings.replicas)
    return NotifyEndpoint(reader, Acknowledger(ledger, clock, alerts, inbox, links))


def _warnings(
    directory: Path, days: WorkingDays, ledgers: Mapping[str, Ledger], endpoints: Mapping[str, NotifyEndpoint]
) -> list[str]:
    """Return what an operator has to see to."""
    channels = [
        warning
        for name, endpoint in endpoints.items()
        for warning in channel_warnings(name, ledgers[name], endpoint.reader.sender.health)
    ]
    return [*missing_calendars(directory, days, ledgers, endpoints), *channels]


def _check_channels(path: Path, ledger: Ledger) -> None:
    alerts = ledger.alerts
    for recipient in alerts.channels:
        if recipient not in {EVERYBODY, alerts.supervisor, alerts.leader} and not ledger.directory.knows(recipient):
            log.warning("a channel of a recipient that the directory lacks", ledger=str(path), recipient=recipient)
    for table, of_recipients in (("channels", alerts.channels), ("people", alerts.people)):
        for recipient, channels in of_recipients.items():
            for channel in channels:
                if (wrong := fault(channel)) is not None:
                    raise SettingsError(f"{path}: alerts.{table}.{recipient!r}: {wrong}")
