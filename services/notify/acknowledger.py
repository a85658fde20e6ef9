"""Acknowledging an alert of one ledger: it is submitted as an event, and what the fold knows already is not again."""

from datetime import datetime
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct

from events.deadline import check_year
from events.envelope import encode
from events.ledger import Ledger
from events.local import local
from events.schema import AlertAcknowledged
from services.common.clock import Clock
from services.common.outcome import Outcome
from services.notify.ack_inbox import AckInbox
from services.notify.ack_links import AckLinks
from services.notify.acks import Ack, Person, acknowledgement
from services.notify.alerts import Alert
from services.notify.notified_task import NotifiedTask
from services.notify.store import Alerts


class AckOrder(Struct, frozen=True, forbid_unknown_fields=True):
    """An acknowledgement: who takes the alert on, what is being done, and until when nobody further is alerted."""

    by: Annotated[str, Meta(min_length=1, max_length=200, description="A person's name.", examples=["李明"])]
    word: Annotated[
        str, Meta(min_length=1, max_length=500, description="What is being done.", examples=["已联系，周五前报"])
    ]
    until: Annotated[datetime, Meta(tz=True, description="Later than now, by 14 days at most (RFC 3339, with offset).")]

    def __post_init__(self) -> None:
        check_year(self.until)


class OfTask(NamedTuple):
    """An alert and its task."""

    alert: Alert
    task: NotifiedTask


class Acknowledger:
    """Acknowledges the alerts of one ledger, by its inbox; `links` are those that its messages have."""

    def __init__(self, ledger: Ledger, clock: Clock, alerts: Alerts, inbox: AckInbox, links: AckLinks) -> None:
        self.ledger = ledger
        self.clock = clock
        self.links = links
        self._alerts = alerts
        self._inbox = inbox

    async def find(self, id: str) -> OfTask | None:
        """Return an alert of a task, None where there is none with this id."""
        alert = await self._alerts.find(id)
        task = self._alerts.projection.rows.get(alert.task) if alert is not None else None
        return OfTask(alert, task) if alert is not None and task is not None else None

    async def acknowledge(self, alert: Alert, person: Person, order: AckOrder) -> Outcome:
        """Submit an acknowledgement, unless the log has it; the fold has it when this returns that it was accepted.

        Raises TimeoutError and UnconfirmedError: what was recorded is unknown then.
        """
        data = AlertAcknowledged(alert.id, order.by.strip(), order.word.strip(), local(order.until, self.ledger.zone))
        event = acknowledgement(person, alert.task, data, self.clock.now())
        if (known := self._known(alert.task, event.id)) is not None:
            return _duplicate(event.source, known)
        outcome = await self._inbox.submit(encode(event))
        if outcome.outcome == "accepted" or outcome.code == "id-reused":
            await self._alerts.projection.catch_up()
        if outcome.code == "id-reused" and (known := self._known(alert.task, event.id)) is not None:
            return _duplicate(event.source, known)  # sent twice at once: they differ in their instants alone
        return outcome

    def _known(self, task: str, id: str) -> Ack | None:
        row = self._alerts.projection.rows.get(task)
        return next((ack for ack in row.acks if ack.id == id), None) if row is not None else None


def _duplicate(source: str, known: Ack) -> Outcome:
    return Outcome(source, known.id, "duplicate", known.position)
