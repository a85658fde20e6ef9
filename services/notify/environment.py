"""What a ledger's sender depends on."""

from collections.abc import Callable
from typing import NamedTuple

from events.ledger import Ledger
from events.working_days import WorkingDays
from services.common.clock import Clock, real_time
from services.notify.ack_links import AckLinks
from services.notify.ways import Ways


class Environment(NamedTuple):
    """The ledger and its name, its clock, its channels, the working days, and where people find the page.

    `links` makes the addresses of the forms that acknowledge alerts; None where messages have none. `real` returns the
    real instant, in Unix seconds: retries and the health of channels do not follow a ledger's clock.
    """

    name: str
    ledger: Ledger
    clock: Clock
    ways: Ways
    days: WorkingDays
    public_url: str | None = None
    links: AckLinks | None = None
    real: Callable[[], float] = real_time
