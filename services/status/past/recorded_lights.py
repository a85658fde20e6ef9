"""The rules for lights that were in force at a position: those on record, before the first of them the present ones."""

from typing import Any

import msgspec
from msgspec import Struct

from events.ledger import LightRules
from events.recorded_rules import DamagedRulesError, entry_at, text_of
from services.status.past.timeline import Moment


class LedgerText(Struct, frozen=True):
    """What is read of a ledger's text on record; text of another version may have members that this one lacks."""

    lights: LightRules = LightRules()


_decoder = msgspec.json.Decoder(LedgerText)


class RecordedLights:
    """Reads the rules on record of one ledger; `present` are those of its file. A text is read once."""

    def __init__(self, redis: Any, ledger: str, present: LightRules) -> None:
        self.present = present
        self._redis = redis
        self._ledger = ledger
        self._known: dict[str, LightRules] = {}

    async def at(self, moment: Moment | None) -> LightRules:
        """Return the rules in force at a moment; raises DamagedRulesError if their text is missing or altered."""
        if moment is None or moment.live:
            return self.present
        entry = await entry_at(self._redis, self._ledger, moment.position)
        if entry is None:
            return self.present
        if entry.sha256 not in self._known:
            text = await text_of(self._redis, self._ledger, entry)
            try:
                self._known[entry.sha256] = _decoder.decode(text).lights
            except msgspec.MsgspecError as error:
                raise DamagedRulesError(
                    f"the rules {entry.sha256} on record have no rules for lights: {error}"
                ) from error
        return self._known[entry.sha256]
