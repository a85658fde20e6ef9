"""Random parts of events; names come from the book, so that most of them fit."""

from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

from hypothesis import strategies as st

from tests.integration.model.book import Book
from tests.integration.model.dues import later

T = TypeVar("T")

Data: TypeAlias = dict[str, Any]

NOBODY = "市气象局"
"""A unit that the directory does not have."""

OPEN = "有关部门"
"""Units that are meant and not named: nobody speaks for them."""

EVERY = ["month", "quarter", "half-year", "year"]


class Draws:
    """Draws parts of events by the state of the model's tasks."""

    def __init__(self, data: st.DataObject, book: Book) -> None:
        self.book = book
        self._data = data

    def draw(self, strategy: st.SearchStrategy[T], label: str | None = None) -> T:
        return self._data.draw(strategy, label)

    def one_of(self, *choices: T) -> T:
        """Draw one of these, the first where a failure is made simple."""
        return self.draw(st.sampled_from(choices))

    def seldom(self, of: int = 6) -> bool:
        """Draw True once in so many times."""
        return self.draw(st.integers(0, of - 1)) == of - 1

    def instant(self, nearest: int = -40, farthest: int = 500) -> str:
        """Draw an instant so many days from now, mostly midnight in the ledger's zone, as deadlines are."""
        day = self.draw(st.integers(nearest, farthest))
        local = self.book.now.astimezone(self.book.directory.zone) + timedelta(days=day)
        if not self.seldom():
            local = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return local.isoformat()

    def name(self, unit: str) -> str:
        """Draw one of a unit's names."""
        return self.one_of(unit, unit, unit, *self._aliases(unit))

    def deadline(self) -> Data:
        """Draw a deadline of any kind."""
        kind = self.one_of(
            "fixed", "recurring", "ambiguous", "milestones", "ongoing", "fixed", "recurring", "triggered", "unspecified"
        )
        match kind:
            case "fixed":
                return {"kind": kind, "text": "某日前完成", "due": self.instant()}
            case "ambiguous":
                strict = self.instant()
                loose = datetime.fromisoformat(strict) + timedelta(days=self.draw(st.integers(1, 60)))
                return {"kind": kind, "text": "某月前完成", "strict": strict, "loose": loose.isoformat()}
            case "recurring":
                return {"kind": kind, "text": "每期末前", "every": self.one_of(*EVERY), "first": self.instant(-40, 100)}
            case "milestones":
                return {"kind": kind, "text": "分步完成", "milestones": self._steps()}
            case "triggered":
                return {"kind": kind, "text": "按省的要求及时制定", "trigger": "按省的要求"}
            case "ongoing":
                return {"kind": kind, "text": "持续实施"}
            case _:
                return {"kind": kind, "text": ""}

    def _steps(self) -> list[Data]:
        due = datetime.fromisoformat(self.instant(-40, 100))
        steps: list[Data] = []
        for number in range(self.draw(st.integers(1, 4))):
            step: Data = {"text": f"第{number + 1}步", "due": due.isoformat()}
            if not self.seldom(2):
                step["percent"] = self.draw(st.integers(0, 100))
            steps.append(step)
            due = later(due, self.draw(st.integers(1, 6)))
        return steps

    def responsible(self, *preferred: str) -> Data:
        """Draw who is responsible: a lead, and up to three others, units or groups, one of them perhaps twice."""
        directory = self.book.directory
        ending = directory.file["successions"][0]["from"]
        known = [
            *preferred,
            *directory.file["units"],
            *ending,
            *directory.groups,
            "廉江市",
            "市卫生健康局",
            NOBODY,
            OPEN,
        ]
        if preferred and not self.seldom(2):
            known = list(preferred)
        names = st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True)
        units = [self._unit(self.name(name), "cooperating") for name in self.draw(names)]
        units[0]["role"] = "lead"
        lead = units[0]["name"]
        if self.seldom():
            units[-1]["role"] = "lead"
        if self.seldom(8):  # a unit by its other name is the same
            own = directory.own(lead)
            twice = [name for name in (own, *self._aliases(own)) if name != lead]
            units += [self._unit(name, "cooperating") for name in twice[:1]]
        if self.seldom(4):
            units = self.draw(st.permutations(units))
        return {"lead": lead, "units": units}

    def _unit(self, name: str, role: str) -> Data:
        own = self.book.directory.own(name)
        return {"name": name, "role": role, "group": own in self.book.directory.groups, "open": name == OPEN}

    def _aliases(self, own: str) -> list[str]:
        return [alias for alias, name in self.book.directory.file["aliases"].items() if name == own]
