"""The channels of a ledger, ready for use: by recipient, and by their keys."""

from collections.abc import Callable, Iterable

from events.channel import Channel
from events.ledger import Ledger
from events.text import Language
from services.notify.channels.way import Way

IN_FLIGHT = 50
"""Messages under way at once to a receiver that recognises repeats; on others, one at a time keeps the order."""


class Ways:
    """A ledger's channels, which `make` opens; those with the same receiver share a way, and its language."""

    def __init__(self, ledger: Ledger, make: Callable[[Channel], Way]) -> None:
        self.by_key: dict[str, Way] = {}
        self.languages: dict[str, Language] = {}
        self._rules = ledger.alerts
        self._keys: dict[Channel, str] = {}
        for channels in (*ledger.alerts.channels.values(), *ledger.alerts.people.values()):
            for channel in channels:
                way = make(channel)
                self._keys[channel] = way.key
                self.languages.setdefault(way.key, channel.language)
                self.by_key.setdefault(way.key, way)

    def key_of(self, channel: Channel) -> str:
        """Return the key of a channel of the ledger."""
        return self._keys[channel]

    def of(self, recipient: str) -> tuple[Way, ...]:
        """Return the channels of a recipient, none if it has none."""
        keys = dict.fromkeys(self._keys[channel] for channel in self._rules.channels_of(recipient))
        return tuple(self.by_key[key] for key in keys)

    def other(self, recipient: str, failing: Iterable[str]) -> tuple[Way, ...]:
        """Return the channels of a recipient without those that fail; all of them if it has no other."""
        without = set(failing)
        return tuple(way for way in self.of(recipient) if way.key not in without) or self.of(recipient)


def most_in_flight(way: Way | None) -> int:
    """Return how many messages may be under way on a channel."""
    return IN_FLIGHT if way is None or way.repeatable else 1


def without_channel(ledger: Ledger) -> list[str]:
    """Return the recipients that have no channel: the supervisor, the leader, and the units of the directory."""
    rules = ledger.alerts
    names = dict.fromkeys([rules.supervisor, *filter(None, [rules.leader]), *ledger.directory.present])
    return [name for name in names if not rules.channels_of(name)]
