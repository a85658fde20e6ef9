"""The words of alerts in English. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from services.notify.week import SummaryTask, WeeklySummary
from services.notify.words.language import LetterCounts, Line, Words


class EnglishWords(Words):
    """The words of a notice for readers of English; titles and names stay as the ledger has them."""

    tag: str = "[Duban] "
    colon: str = ": "
    task: str = "Task"
    acknowledge: str = "Acknowledge with a word"
    look: str = "Open the task"
    automatic: str = "This message was sent automatically; please do not reply to it."
    lists: tuple[str, str] = ("Overdue:", "Due soon:")

    lead: str = "Lead unit: {lead}"
    titles: Mapping[str, Line] = {
        "assigned": "New task",
        "neared": "Due in {days}",
        "neared-today": "Due today",
        "passed": ("Overdue by {days}", "Overdue"),
        "open": "Still open, escalation {step}",
        "submitted": "Submitted as complete",
        "returned": "Completion returned",
        "requested": "Extension requested",
        "granted": "Extension granted",
        "refused": "Extension refused",
        "urged": "Urged",
        "reassigned": "Units changed",
        "silent": "No report for long",
        "weekly": "Weekly summary",
        "trouble": "Channel failing for a day",
        "trouble-paused": "Channel paused",
    }
    texts: Mapping[str, Sequence[Line]] = {
        "assigned": (("Deadline: {deadline}", "Deadline: none stated"), "Please sign for it and report progress."),
        "neared": ("To be completed by {by}. An extension has to be requested before that day ends.",),
        "passed": ("Was to be completed by {by}; it is not closed. The lead unit is to complete and submit it.",),
        "open": (
            "Was to be completed by {by}, {days} ago; it is not closed.",
            "Please have the lead unit state the reason and a date.",
        ),
        "submitted": (
            "Submitted by {unit}",
            "Summary: {detail}",
            "Please check it, and close the task or return the submission.",
        ),
        "returned": ("Reason: {detail}", "Please amend and submit it again."),
        "requested": (
            ("Requested by {unit}, until {proposed}", "Requested by {unit}"),
            "Reason: {detail}",
            "Please decide before the deadline.",
        ),
        "granted": (("Now to be completed by {by}.", "The deadline has been changed."),),
        "refused": ("Reason: {detail}", ("Still to be completed by {by}.", "The deadline stays as it was.")),
        "urged": ("Message: {detail}", ("To be completed by {by}.", "Please proceed and report progress.")),
        "reassigned": ("Reason: {detail}", "The units concerned are to hand the task over."),
        "silent": (("No report for {days}; please report progress.", "Please report progress."),),
        "weekly": (),
        "trouble": ("Error: {detail}", "It is tried again. Please check its configuration and the network."),
        "trouble-paused": (
            "Error: {detail}",
            "It failed for five days, so nothing is sent on it until an operator resumes it.",
        ),
    }

    def days(self, number: int) -> str:
        return "1 day" if number == 1 else f"{number} days"

    def by(self, day: date) -> str:
        return f"{day:%-d %B %Y} (inclusive)"

    def proposed(self, day: date) -> str:
        return self.by(day)

    def counts(self, recipient: str, counts: LetterCounts) -> str:
        parts = ((counts.overdue, "overdue"), (counts.soon, "due soon"), (counts.other, "other"))
        return f"{recipient}: {', '.join(f'{number} {name}' for number, name in parts if number)}"

    def figures(self, summary: WeeklySummary) -> Iterator[str]:
        late, soon = len(summary.overdue), len(summary.soon)
        yield f"Open: {summary.open}; overdue: {late}; due within {self.days(summary.soon_days)}: {soon}."
        yield f"Last seven days: {summary.opened} assigned, {summary.closed} closed."
        if summary.waiting:
            yield f"Submitted and to be checked: {summary.waiting}."

    def late(self, number: int, task: SummaryTask, title: str) -> str:
        return f"{number}. {title} ({task.lead}; overdue{f' by {self.days(task.days)}' if task.days > 0 else ''})"

    def coming(self, number: int, task: SummaryTask, title: str) -> str:
        return f"{number}. {title} ({task.lead}; due {f'in {task.days} days' if task.days > 1 else 'today'})"

    def unlisted(self, number: int) -> str:
        return f"{number} more in the ledger."

    def guessed(self, year: int) -> str:
        return f"(The calendar of {year} is missing: Monday to Friday are counted as working days.)"

    def rest(self, number: int) -> str:
        return f"{number} more: "
