"""State shared by the processes of one simulated run: server, ledger, clock, faults and outside systems."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from events.alert_rule import DEFAULTS, AlertRule
from events.alerting import AlertRules
from events.channel import Channel
from events.ledger import Ledger
from services.common.settings import load_ledger, shipped
from services.ingest.writer import Writer
from services.status.reader import StatusReader
from tests.faults.points import Faults
from tests.faults.simulated_process import SimulatedProcess
from tests.fixed_clock import FixedClock
from tests.notify.endpoint import SECRET

NAME = "zhanjiang"

START = datetime(2018, 12, 30, 2, tzinfo=UTC)
"""The ledger's instant at which a run begins: its tasks fall due two days later, while it runs."""

END = datetime(2019, 1, 2, 2, tzinfo=UTC)
"""When all dues have passed, and faults end."""

WINDOW_MINUTES = 60.0
"""Period of a digest: some digests close during the run."""

RULES = (
    *(rule for rule in DEFAULTS if rule.on != "open"),
    AlertRule("open", ("supervisor",), after="1d", repeat_interval="1d"),
)
"""Those of a file without rules, with an escalation that begins during the run."""

_SHIPPED = load_ledger(shipped(f"{NAME}.toml"))


def ledger_for(url: str) -> Ledger:
    """Return the shipped ledger, with everybody's alerts sent to a webhook."""
    channels: dict[str, tuple[Channel, ...]] = {"*": (Channel(webhook=url, secret=SECRET),)}
    return msgspec.structs.replace(
        _SHIPPED, alerts=AlertRules("督查室", WINDOW_MINUTES, RULES, channels=channels, allow_private=True)
    )


@dataclass
class World:
    """One run; the parts that live are None while their process is away, and time stands still once `at_rest`."""

    url: str
    ledger: Ledger
    faults: Faults
    redis: Any
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    writers: dict[str, tuple[SimulatedProcess, Writer]] = field(default_factory=dict)
    status: tuple[SimulatedProcess, StatusReader] | None = None
    wrong: list[str] = field(default_factory=list)
    at_rest: bool = False
