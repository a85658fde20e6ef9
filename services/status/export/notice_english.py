"""The sentences of a notice in English. Pure."""

from collections.abc import Sequence

from services.status.figures.board import Overview
from services.status.figures.counts import Section
from services.status.figures.week import Week
from services.status.row import Reason


class English:
    """The words of a notice; titles and names of units stay as the ledger has them."""

    address: str = "To the units concerned:"
    overall: str = "Overall"
    ranking: str = "Lead units"
    overdue: str = "Overdue tasks"
    behind: str = "Tasks that are behind or without reports"
    coming: str = "Next deadlines"
    demands: str = "What is required"
    columns: Sequence[str] = (
        "Rank",
        "Unit",
        "Leads",
        "Counted",
        "On time",
        "On time (%)",
        "Mean days late",
        "Overdue (all)",
    )
    demand_late: str = (
        "Units that lead an overdue task find out the reason, set a schedule and submit the completion without delay."
    )
    demand_slow: str = (
        "Units that lead a task that is behind or without reports speed it up and report on it in time and truthfully."
    )
    demand_soon: str = (
        "Units that lead a task that is due soon complete it in time, together with the cooperating units;"
        " an extension has to be requested before the due date."
    )

    def title(self, ledger: str) -> str:
        return f"Notice on the progress of {ledger}"

    def draft(self, day: str) -> str:
        return f"(Draft; figures as of {day})"

    def numbered(self, number: int, heading: str) -> str:
        return f"{number}. {heading}"

    def standing(self, ledger: str, day: str, overview: Overview) -> str:
        lights = overview.lights
        return (
            f"As of {day}, {ledger} has {_count(overview.tasks, 'task')} and {_count(overview.units, 'unit')}: "
            f"{overview.closed} closed, {lights['green']} on track, {lights['yellow']} with a warning"
            f" ({overview.due_soon} of them due soon), {overview.overdue} overdue;"
            f" {overview.states['submitted']} submitted as complete and not yet closed."
        )

    def week(self, week: Week) -> str:
        return (
            f"In the last 7 days: {week.new} assigned, {week.closed} closed, {week.newly_overdue} newly overdue,"
            f" {week.reported} reported on, {week.returned} returned, {week.extended} extended."
        )

    def sections(self, sections: Sequence[Section]) -> str:
        parts = [
            f"{one.section or 'no section'}: {_count(one.tasks, 'task')}"
            f" ({one.lights['blue']} closed, {one.lights['red']} overdue)"
            for one in sections
        ]
        return f"By section: {'; '.join(parts)}."

    def rate(self, units: int, counted: int, on_time: int) -> str:
        leads = f"{_count(units, 'unit')} {'leads' if units == 1 else 'lead'} tasks"
        if not counted:
            return f"{leads}; none of these is past due or closed yet."
        rate = f"{100 * on_time / counted:.1f}"
        return f"{leads}; of those past due or closed, {on_time} of {counted} are on time ({rate}%)."

    def count_overdue(self, number: int) -> str:
        return f"{_count(number, 'task')} overdue, by lead unit:" if number else "No task is overdue."

    def unit(self, number: int, name: str, tasks: int) -> str:
        return f"({number}) {name}: {_count(tasks, 'task')}"

    def late(self, number: int, title: str, due: str, days: int, percent: str | None) -> str:
        return f"{number}. {title}. Due {due}, {_count(days, 'day')} late, {_progress(percent)}."

    def count_behind(self, behind: int, silent: int) -> str:
        return f"{_count(behind, 'task')} behind proportional progress, {silent} ongoing and without a report for long."

    def slow(self, number: int, title: str, lead: str, percent: str | None, reason: Reason) -> str:
        state = "behind proportional progress" if reason == "behind" else "no report for long"
        return f"{number}. {title} ({lead}). {_progress(percent).capitalize()}, {state}."

    def count_coming(self, number: int, days: int) -> str:
        return f"{_count(number, 'task')} due within {days} days."

    def next(self, number: int, title: str, lead: str, due: str, percent: str | None) -> str:
        return f"{number}. {title} ({lead}). Due {due}, {_progress(percent)}."

    def more(self, number: int) -> str:
        return f"{number:,} more are in the register."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _progress(percent: str | None) -> str:
    return f"progress {percent}" if percent is not None else "no progress reported"
