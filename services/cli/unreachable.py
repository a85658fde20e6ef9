"""Units of a document's tasks that no channel reaches."""

import os
from collections.abc import Iterable
from pathlib import Path

from events.envelope import parse
from events.ledger import Ledger
from events.schema import TaskAssigned
from services.cli.options import ledger_of
from services.common.settings import SettingsError
from services.notify.warnings import listed
from services.schedule.preview import PreviewRow


def unreachable(ledger: Ledger, rows: Iterable[PreviewRow]) -> list[str]:
    """Return the units that have a duty in the tasks of these rows and no channel, in the order of the document."""
    found: dict[str, None] = {}
    for row in rows:
        data = parse(bytes(row.event)).data
        if isinstance(data, TaskAssigned):
            units = ledger.directory.obligations(unit for unit in data.units if not unit.open)
            found |= dict.fromkeys(name for name in units if not ledger.alerts.channels_of(name))
    return list(found)


def unreachable_warning(data: Path | None, ledger: str, rows: Iterable[PreviewRow]) -> str | None:
    """Return a warning of these units for people; None if there are none, or the ledger's file is not at hand."""
    if os.environ.get("DUBAN_URL"):
        return None
    try:
        names = unreachable(ledger_of(data, ledger), rows)
    except SettingsError:
        return None
    if not names:
        return None
    return (
        f"no channel reaches {listed(names, 'units')}: their alerts are sent once [alerts.channels] in the"
        " ledger's file has one, if they are still true then"
    )
