"""Where a verification begins: with the first entry, or after those that an earlier one verified."""

from typing import NamedTuple

from msgspec import Raw

from services.cli.archived.state import NOTHING, Basis, VerifiedState
from services.cli.checks.rules import RulesFound


class Beginning(NamedTuple):
    """The entries of the log and of the record that are not read again, and the encoded states as of there.

    `note` says why entries are verified again, or why the file is not changed. `keeps` is whether it may be replaced.
    """

    state: VerifiedState | None = None
    note: str | None = None
    keeps: bool = True

    @property
    def after(self) -> int:
        """The last entry of the log that was decided."""
        return self.state.position if self.state is not None else 0

    @property
    def record_after(self) -> int:
        """The last entry of the record that was read."""
        has = self.state is not None and self.state.has_alerts
        return self.state.record.position if has and self.state is not None and self.state.record is not None else 0

    @property
    def alerts(self) -> bytes | None:
        """The state of the alerts."""
        return bytes(self.state.alerts) if self.state is not None and self.state.has_alerts else None

    @property
    def contents(self) -> Raw:
        """The state of the log."""
        return self.state.contents if self.state is not None else NOTHING


def beginning_after(state: VerifiedState | None, basis: Basis, rules: RulesFound, *, with_record: bool) -> Beginning:
    """Return where to begin, next to a state whose heads the archives continue.

    A state that was saved under other rules has other tasks than these rules give: everything is verified again.
    """
    if state is None:
        return Beginning()
    reason = basis.difference(state.basis) or _other_rules(state, rules)
    if reason is None and with_record and not state.has_alerts:
        reason = "it was saved without the alerts, which can be looked at now"
    if reason is not None:
        return Beginning(
            note=f"everything was verified again from the first entry on, and {state} is used only for its heads,"
            f" which the archives continue: {reason}"
        )
    if state.has_alerts and not with_record:
        note = f"{state} was left as it is: it has the alerts, too, which cannot be looked at now"
        return Beginning(state, note, keeps=False)
    return Beginning(state)


def _other_rules(state: VerifiedState, rules: RulesFound) -> str | None:
    """Return which rules on record the state does not know and needs, None if there are none."""
    known = state.rules.position if state.rules is not None else 0
    for entry in rules.entries[known:]:
        if entry.first <= state.position:
            return f"rules that hold from position {entry.first} on were sealed since"
        if entry.sha256 not in state.texts:
            return f"the rules {entry.sha256}, which hold from position {entry.first} on, are new"
    return None
