"""Generated data for each type of event, by the state of a task."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from hypothesis import strategies as st

from tests.integration.model.draws import Data, Draws
from tests.integration.model.task import Task

ReporterPayload: TypeAlias = Callable[[Draws, Task, str], Data]
AssignerPayload: TypeAlias = Callable[[Draws, Task], Data]

EVIDENCE = [{"name": "照片.jpg", "url": "https://example.org/1.jpg", "sha256": "0" * 64}, {"name": "报告.pdf"}]

PERCENTS = st.none() | st.integers(0, 100) | st.sampled_from([0.5, 33.3, 99.5])


def assigned(draws: Draws) -> Data:
    data = {"title": "建立就业基地", "plan": "试点", "lead_inferred": draws.seldom(2), **draws.responsible()}
    if not draws.seldom(3):
        data["row"] = draws.draw(st.integers(0, 30))
    if draws.seldom(3):
        data["deliverable"] = "两个基地"
    return data | {"deadline": draws.deadline()}


def signed(draws: Draws, task: Task, unit: str) -> Data:
    return {"unit": draws.name(unit)}


def reported(draws: Draws, task: Task, unit: str) -> Data:
    data: Data = {"unit": draws.name(unit), "summary": "已有进展"}
    percent = draws.draw(PERCENTS)
    if percent is not None:
        data["percent"] = percent
    if draws.seldom():
        data |= {"problems": "场地未落实", "evidence": EVIDENCE}
    return data


def corrected(draws: Draws, task: Task, unit: str) -> Data:
    ended = [
        one for merger in draws.book.directory.file["successions"] if merger["to"] == unit for one in merger["from"]
    ]
    own = [report for report in task.reports if report.unit in (unit, *ended)]
    reports = [id for report in (task.reports if not own or draws.seldom() else own) for id in report.ids]
    report = draws.one_of(*reversed(reports), "no-such-report") if reports else "no-such-report"
    return {"report": report, "reason": "数字有误", **reported(draws, task, unit)}


def submitted(draws: Draws, task: Task, unit: str) -> Data:
    return {"unit": draws.name(unit), "summary": "已经完成", "evidence": EVIDENCE[: draws.one_of(0, 1, 2)]}


def requested(draws: Draws, task: Task, unit: str) -> Data:
    due = task.term.due(draws.book.now) or draws.book.now
    return {"unit": draws.name(unit), "reason": "雨季不能施工", "proposed_due": _later(draws, task, due)}


def returned(draws: Draws, task: Task) -> Data:
    waiting = [unit for unit, part in task.parts.items() if part.state == "submitted"]
    if not waiting or draws.seldom(10):
        waiting = list(task.parts)
    return {"unit": draws.name(draws.one_of(*waiting)), "reason": "缺验收材料"}


def closed(draws: Draws, task: Task) -> Data:
    data: Data = {"outcome": draws.one_of("implemented", "not-implemented", "cancelled")}
    if draws.seldom(2):
        data["reason"] = "予以销号"
    return data


def reopened(draws: Draws, task: Task) -> Data:
    return {"reason": "抽查发现问题"}


def reassigned(draws: Draws, task: Task) -> Data:
    directory, book = draws.book.directory, draws.book
    heirs = [directory.successor(unit, directory.day(book.now)) or unit for unit in task.parts]
    return {**draws.responsible(*heirs), "reason": "机构改革"}


def urged(draws: Draws, task: Task) -> Data:
    names = draws.draw(st.lists(st.sampled_from(list(task.parts)), min_size=1, max_size=3, unique=True))
    return {"units": [draws.name(name) for name in names], "message": "请于一周内报送进展"}


def granted(draws: Draws, task: Task) -> Data:
    data: Data = {"request_id": _request(draws, task)}
    if draws.seldom(2):
        asked = task.request.asked if task.request is not None else None
        data["due"] = _later(draws, task, asked or draws.book.now)
    return data


def refused(draws: Draws, task: Task) -> Data:
    return {"request_id": _request(draws, task), "reason": "请先落实场地"}


def clarified(draws: Draws, task: Task) -> Data:
    return {"deadline": draws.deadline(), "reason": "统一口径"}


def _later(draws: Draws, task: Task, due: datetime) -> str:
    """Draw until when a due instant is put off: for days, or as far as the one that follows lets it, or not at all."""
    following = task.term.follows(due)
    if following is not None and draws.seldom(2):
        due = following + timedelta(seconds=draws.one_of(0, -1, 1))
    elif not draws.seldom(8):
        due += timedelta(days=draws.draw(st.integers(1, 25)))
    return due.isoformat()


def _request(draws: Draws, task: Task) -> str:
    """Draw the open request, or one that was settled, or none."""
    known = (
        [task.request.id] if task.request is not None and not draws.seldom(8) else [*task.requests, "no-such-request"]
    )
    return draws.one_of(*known)


REPORTER: dict[str, ReporterPayload] = {
    "task.signed": signed,
    "progress.reported": reported,
    "progress.corrected": corrected,
    "completion.submitted": submitted,
    "extension.requested": requested,
}

ASSIGNER: dict[str, AssignerPayload] = {
    "completion.returned": returned,
    "task.closed": closed,
    "task.reopened": reopened,
    "task.reassigned": reassigned,
    "task.urged": urged,
    "extension.granted": granted,
    "extension.refused": refused,
    "deadline.clarified": clarified,
}
