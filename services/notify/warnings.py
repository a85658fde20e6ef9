"""What an operator has to see to: recipients without a channel, and channels that are paused or fail."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from events.ledger import Ledger
from services.notify.health import Health
from services.notify.ways import without_channel

NAMED = 5
"""Names that a warning lists."""


def channel_warnings(name: str, ledger: Ledger, health: Iterable[Health]) -> list[str]:
    """Return the warnings of one ledger."""
    warnings = []
    if lacking := without_channel(ledger):
        have = "has" if len(lacking) == 1 else "have"
        warnings.append(
            f"{name}: {listed(lacking, 'recipients')} {have} no channel:"
            " their alerts are sent once [alerts.channels] has one, if still true"
        )
    for one in health:
        channel = f"{one.shown.partition(' ')[0]} {one.channel}"  # anyone may read this: no hosts, no addresses
        since = f"{datetime.fromtimestamp(one.since, UTC):%Y-%m-%dT%H:%MZ}"
        if one.paused:
            warnings.append(
                f"{name}: channel {channel} is paused, as nothing was accepted there since {since};"
                f" `duban notify recover {one.channel} --since …` uses it again, and sends what it missed"
            )
        elif one.reported:
            warnings.append(
                f"{name}: channel {channel} has accepted nothing since {since}; see its attempts in /alerts"
            )
    return warnings


def listed(names: Sequence[str], others: str) -> str:
    """Return the first of these names, and how many `others` there are."""
    more = f" and {len(names) - NAMED} other {others}" if len(names) > NAMED else ""
    return f"{'、'.join(names[:NAMED])}{more}"
