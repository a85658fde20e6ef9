"""Settling: which alerts of a digest are still true when it closes, in the facts of that instant. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from events.ledger import Ledger
from services.notify.alerts import Alert, NotifiedTask


def settled(
    ledger: Ledger,  # noqa: ARG001 - what settles an alert is not known yet
    tasks: Mapping[str, NotifiedTask],  # noqa: ARG001
    alerts: Sequence[Alert],
    now: datetime,  # noqa: ARG001
) -> tuple[list[Alert], list[tuple[Alert, str]]]:
    """Return the alerts that are still true, in the facts of now, and those that are not, with the reason.

    `alerts` are those of one digest, `tasks` the tasks as the log has them at `now`.
    """
    return list(alerts), []
