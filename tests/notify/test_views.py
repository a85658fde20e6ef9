"""Alerts as clients read them."""

from services.notify.deliveries import Delivery, Digest, PartDelivery, state_of
from services.notify.store import AlertStatus
from services.notify.views import view
from tests.notify.words.facts import LEDGER, NOW, overdue

SENT = (Delivery("c", "wecom 1a2b3c", (PartDelivery("sent"),)),)


def test_an_alert_that_was_dropped_was_delivered_nowhere() -> None:
    """It shows why it was not sent, and no delivery of the alerts that were sent in its place."""
    digest = Digest("a", "督查室", NOW, ("a", "b"), SENT, dropped=(("a", "superseded"),))
    a, b = (view(LEDGER, AlertStatus("1-0", overdue(id=id), state_of(digest, id), digest), ()) for id in digest.alerts)
    assert (a.state, a.dropped, a.deliveries) == ("dropped", "superseded", ())
    assert (b.state, b.dropped, [one.state for one in b.deliveries]) == ("sent", None, ["sent"])
