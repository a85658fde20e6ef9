"""The facts of a past board by other rules for lights than those that its timeline was made with. Pure.

What `services.status.lights.turns` does for one row, for all at once: 100,000 of them take about 20 ms.
"""

import numpy as np

from events.ledger import LightRules
from services.status.lights import ROUNDING
from services.status.past.table import Numbers, Records
from services.status.turns import ALWAYS, DAY, NEVER, SECOND


def by_other_rules(facts: Records, headings: Records, own: LightRules, rules: LightRules) -> Records:
    """Return facts that were made with the rules `own`, with the turns of other rules.

    A task with a due instant may be behind, one without may be silent; `red` follows from no rule.
    """
    found = facts.copy()
    warned, owes, silent = facts["soon"] != NEVER, facts["due"] != NEVER, facts["slow"] != NEVER
    found["soon"][warned] += (own.yellow_days - rules.yellow_days) * DAY
    found["slow"][silent & ~owes] += (rules.silent_days - own.silent_days) * DAY
    open_ = facts[owes]
    opened = headings["opened"][open_["heading"]]
    found["slow"][owes] = _behind_from(open_["percent"], opened, open_["due"], rules.behind)
    return found


def _behind_from(percents: Numbers, opened: Numbers, dues: Numbers, behind: float) -> Numbers:
    """Return the first instant of each task at which more per cent are expected than reported."""
    wanted = np.floor(np.nan_to_num(percents)) + 1
    found: Numbers = np.full(len(dues), NEVER)
    expected = np.floor(behind * 100.0 + ROUNDING) >= wanted
    found[expected & (dues <= opened)] = ALWAYS
    rest = np.flatnonzero(expected & (dues > opened))
    if len(rest):
        found[rest] = _first_expected(wanted[rest], opened[rest], dues[rest], behind)
    return found


def _first_expected(wanted: Numbers, opened: Numbers, dues: Numbers, behind: float) -> Numbers:
    """Return the first instants at which so many per cent are expected, next to those of exact arithmetic."""
    spans = (dues - opened) / SECOND

    def expects(instants: Numbers) -> Numbers:
        proportional = 100 * np.clip((instants - opened) / SECOND / spans, 0.0, 1.0)
        reached: Numbers = np.floor(behind * proportional + ROUNDING) >= wanted
        return reached

    found: Numbers = opened + np.ceil((dues - opened) * (wanted - ROUNDING) / (100 * behind)).astype("<i8")
    while (early := expects(found - 1)).any():
        found[early] -= 1
    while (late := ~expects(found)).any():
        found[late] += 1
    return found
