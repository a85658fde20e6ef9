"""How many unit cells, tables and lists of published documents are read right."""

from tests.schedule.corpora import judge_table, judge_units, table_cases, unit_cases
from tests.schedule.verdicts import HALVES, Verdict, counts


def unit_accuracy() -> dict[str, dict[Verdict, int]]:
    """Return for each half of the corpus how many unit cells, and how many tables and lists, have each verdict."""
    found = {f"units, {half}": counts(judge_units(case)[0] for case in unit_cases(half)) for half in HALVES}
    tables = {f"tables, {half}": counts(judge_table(case)[0] for case in table_cases(half)) for half in HALVES}
    return found | tables
