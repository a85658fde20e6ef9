"""The words of alerts in English. Pure."""

from collections.abc import Iterator
from datetime import date
from typing import assert_never

from services.notify.alerts import Alert
from services.notify.week import SummaryTask, WeeklySummary
from services.notify.words.language import LetterCounts, LineFacts


class EnglishWords:
    """The words of a notice for readers of English; titles and names stay as the ledger has them."""

    tag: str = "[Duban] "
    colon: str = ": "
    task: str = "Task"
    acknowledge: str = "Acknowledge with a word"
    look: str = "Open the task"
    automatic: str = "This message was sent automatically; please do not reply to it."
    lists: tuple[str, str] = ("Overdue:", "Due soon:")

    def word(self, alert: Alert) -> str:
        days = alert.days or 0
        match alert.on:
            case "assigned":
                return "New task"
            case "neared":
                return "Due today" if days <= 1 else f"Due in {days} days"  # the last day counts
            case "passed":
                return f"Overdue by {_days(days)}" if days > 0 else "Overdue"
            case "open":
                return f"Still open, escalation {max(1, alert.step)}"
            case "submitted":
                return "Submitted as complete"
            case "returned":
                return "Completion returned"
            case "requested":
                return "Extension requested"
            case "granted":
                return "Extension granted"
            case "refused":
                return "Extension refused"
            case "urged":
                return "Urged"
            case "reassigned":
                return "Units changed"
            case "silent":
                return "No report for long"
            case "weekly":
                return "Weekly summary"
            case "trouble":
                return "Channel paused" if alert.step > 1 else "Channel failing for a day"
            case _:
                assert_never(alert.on)

    def lines(self, alert: Alert, facts: LineFacts) -> Iterator[str]:
        if alert.lead:
            yield f"Lead unit: {alert.lead}"
        yield from self._said(alert, facts)
        by = _by(facts.due)
        days = alert.days or 0
        match alert.on:
            case "assigned":
                yield f"Deadline: {alert.deadline or 'none stated'}"
                yield "Please sign for it and report progress."
            case "neared":
                yield f"To be completed by {by}. An extension has to be requested before that day ends."
            case "passed":
                yield f"Was to be completed by {by}; it is not closed. The lead unit is to complete and submit it."
            case "open":
                yield f"Was to be completed by {by}, {_days(days)} ago; it is not closed."
                yield "Please have the lead unit state the reason and a date."
            case "submitted":
                yield "Please check it, and close the task or return the submission."
            case "returned":
                yield "Please amend and submit it again."
            case "requested":
                yield "Please decide before the deadline."
            case "granted":
                yield f"Now to be completed by {by}." if by else "The deadline has been changed."
            case "refused":
                yield f"Still to be completed by {by}." if by else "The deadline stays as it was."
            case "urged":
                yield f"To be completed by {by}." if by else "Please proceed and report progress."
            case "reassigned":
                yield "The units concerned are to hand the task over."
            case "silent":
                yield f"No report for {_days(days)}; please report progress." if days else "Please report progress."
            case "trouble":
                paused = "It failed for five days, so nothing is sent on it until an operator resumes it."
                yield paused if alert.step > 1 else "It is tried again. Please check its configuration and the network."
            case "weekly":
                pass
            case _:
                assert_never(alert.on)

    def counts(self, recipient: str, counts: LetterCounts) -> str:
        parts = ((counts.overdue, "overdue"), (counts.soon, "due soon"), (counts.other, "other"))
        return f"{recipient}: {', '.join(f'{number} {name}' for number, name in parts if number)}"

    def figures(self, summary: WeeklySummary) -> Iterator[str]:
        late, soon = len(summary.overdue), len(summary.soon)
        yield f"Open: {summary.open}; overdue: {late}; due within {_days(summary.soon_days)}: {soon}."
        yield f"Last seven days: {summary.opened} assigned, {summary.closed} closed."
        if summary.waiting:
            yield f"Submitted and to be checked: {summary.waiting}."

    def late(self, number: int, task: SummaryTask, title: str) -> str:
        return f"{number}. {title} ({task.lead}; overdue{f' by {_days(task.days)}' if task.days > 0 else ''})"

    def coming(self, number: int, task: SummaryTask, title: str) -> str:
        return f"{number}. {title} ({task.lead}; due {f'in {task.days} days' if task.days > 1 else 'today'})"

    def unlisted(self, number: int) -> str:
        return f"{number} more in the ledger."

    def guessed(self, year: int) -> str:
        return f"(The calendar of {year} is missing: Monday to Friday are counted as working days.)"

    def rest(self, number: int) -> str:
        return f"{number} more: "

    def _said(self, alert: Alert, facts: LineFacts) -> Iterator[str]:
        """Yield who did what, and the reason or message that came with it."""
        match alert.on:
            case "submitted":
                yield f"Submitted by {alert.unit}"
            case "requested":
                until = f", until {_by(facts.proposed)}" if facts.proposed else ""
                yield f"Requested by {alert.unit}{until}"
            case _:
                pass
        label = {
            "submitted": "Summary",
            "returned": "Reason",
            "requested": "Reason",
            "refused": "Reason",
            "urged": "Message",
            "reassigned": "Reason",
            "trouble": "Error",
        }.get(alert.on, "")
        if facts.detail and label:
            yield f"{label}: {facts.detail}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def _by(day: date | None) -> str:
    return f"{day:%-d %B %Y} (inclusive)" if day is not None else ""
