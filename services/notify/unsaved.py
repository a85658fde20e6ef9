"""What the sender has changed since it last saved: the content of one call of keep.lua."""

import msgspec

from events.scripts import lua_text
from services.notify.deliveries import Digest
from services.notify.health import Health
from services.notify.record import Entry, encoded


class Changes:
    """Changes to digests, letters and channels, and the entries of the record that describe them."""

    def __init__(self) -> None:
        self.digests: dict[str, Digest] = {}
        self.grouped: dict[str, str] = {}
        self.groups: dict[str, str] = {}
        self.letters: dict[str, bytes] = {}
        self.channels: dict[str, Health] = {}
        self.obeyed = ""
        self._entries: list[tuple[str, bytes]] = []

    def record(self, entry: Entry) -> None:
        """Add an entry to the record."""
        self._entries.append(("", encoded(entry)))

    def record_alert(self, id: str, entry: bytes) -> None:
        """Add an alert to the record, unless it is there."""
        self._entries.append((id, entry))

    def __bool__(self) -> bool:
        return bool(self.digests or self.letters or self.channels or self.obeyed or self._entries)

    def packed(self, token: str, change: str, reached: str) -> bytes:
        """Encode them for keep.lua."""
        return msgspec.msgpack.encode(
            (
                token,
                change,
                reached,
                list(map(packed_digest, self.digests.values())),
                list(self.grouped.items()),
                list(self.groups.items()),
                [(digest, lua_text(letter)) for digest, letter in self.letters.items()],
                [(one.channel, lua_text(msgspec.json.encode(one))) for one in self.channels.values()],
                self.obeyed,
                [(id, lua_text(entry)) for id, entry in self._entries],
            )
        )


def packed_digest(digest: Digest) -> tuple[object, ...]:
    """Return a digest as digest.lua takes it."""
    return digest.id, lua_text(msgspec.msgpack.encode(digest)), digest.done, digest.dead, digest.unreached
