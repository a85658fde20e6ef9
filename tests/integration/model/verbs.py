"""What can be done to a task: for each type of event, its data as somebody would write them now."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from hypothesis import strategies as st

from tests.integration.model.pen import Data, Pen
from tests.integration.model.task import Task

ReporterVerb: TypeAlias = Callable[[Pen, Task, str], Data]
AssignerVerb: TypeAlias = Callable[[Pen, Task], Data]

EVIDENCE = [{"name": "照片.jpg", "url": "https://example.org/1.jpg", "sha256": "0" * 64}, {"name": "报告.pdf"}]

PERCENTS = st.none() | st.integers(0, 100) | st.sampled_from([0.5, 33.3, 99.5])


def assigned(pen: Pen) -> Data:
    data = {"title": "建立就业基地", "plan": "试点", "lead_inferred": pen.seldom(2), **pen.responsible()}
    if not pen.seldom(3):
        data["row"] = pen.draw(st.integers(0, 30))
    if pen.seldom(3):
        data["deliverable"] = "两个基地"
    return data | {"deadline": pen.deadline()}


def signed(pen: Pen, task: Task, unit: str) -> Data:
    return {"unit": pen.name(unit)}


def reported(pen: Pen, task: Task, unit: str) -> Data:
    data: Data = {"unit": pen.name(unit), "summary": "已有进展"}
    percent = pen.draw(PERCENTS)
    if percent is not None:
        data["percent"] = percent
    if pen.seldom():
        data |= {"problems": "场地未落实", "evidence": EVIDENCE}
    return data


def corrected(pen: Pen, task: Task, unit: str) -> Data:
    ended = [one for merger in pen.book.directory.file["successions"] if merger["to"] == unit for one in merger["from"]]
    own = [report for report in task.reports if report.unit in (unit, *ended)]
    reports = [id for report in (task.reports if not own or pen.seldom() else own) for id in report.ids]
    report = pen.one_of(*reversed(reports), "no-such-report") if reports else "no-such-report"
    return {"report": report, "reason": "数字有误", **reported(pen, task, unit)}


def submitted(pen: Pen, task: Task, unit: str) -> Data:
    return {"unit": pen.name(unit), "summary": "已经完成", "evidence": EVIDENCE[: pen.one_of(0, 1, 2)]}


def requested(pen: Pen, task: Task, unit: str) -> Data:
    due = task.term.due(pen.book.now) or pen.book.now
    return {"unit": pen.name(unit), "reason": "雨季不能施工", "proposed_due": _later(pen, task, due)}


def returned(pen: Pen, task: Task) -> Data:
    waiting = [unit for unit, part in task.parts.items() if part.state == "submitted"]
    if not waiting or pen.seldom(10):
        waiting = list(task.parts)
    return {"unit": pen.name(pen.one_of(*waiting)), "reason": "缺验收材料"}


def closed(pen: Pen, task: Task) -> Data:
    data: Data = {"outcome": pen.one_of("implemented", "not-implemented", "cancelled")}
    if pen.seldom(2):
        data["reason"] = "予以销号"
    return data


def reopened(pen: Pen, task: Task) -> Data:
    return {"reason": "抽查发现问题"}


def reassigned(pen: Pen, task: Task) -> Data:
    directory, book = pen.book.directory, pen.book
    heirs = [directory.successor(unit, directory.day(book.now)) or unit for unit in task.parts]
    return {**pen.responsible(*heirs), "reason": "机构改革"}


def urged(pen: Pen, task: Task) -> Data:
    names = pen.draw(st.lists(st.sampled_from(list(task.parts)), min_size=1, max_size=3, unique=True))
    return {"units": [pen.name(name) for name in names], "message": "请于一周内报送进展"}


def granted(pen: Pen, task: Task) -> Data:
    data: Data = {"request_id": _request(pen, task)}
    if pen.seldom(2):
        asked = task.request.asked if task.request is not None else None
        data["due"] = _later(pen, task, asked or pen.book.now)
    return data


def refused(pen: Pen, task: Task) -> Data:
    return {"request_id": _request(pen, task), "reason": "请先落实场地"}


def clarified(pen: Pen, task: Task) -> Data:
    return {"deadline": pen.deadline(), "reason": "统一口径"}


def _later(pen: Pen, task: Task, due: datetime) -> str:
    """Draw until when a due instant is put off: for days, or as far as the one that follows lets it, or not at all."""
    following = task.term.follows(due)
    if following is not None and pen.seldom(2):
        due = following + timedelta(seconds=pen.one_of(0, -1, 1))
    elif not pen.seldom(8):
        due += timedelta(days=pen.draw(st.integers(1, 25)))
    return due.isoformat()


def _request(pen: Pen, task: Task) -> str:
    """Draw the open request, or one that was settled, or none."""
    known = [task.request.id] if task.request is not None and not pen.seldom(8) else [*task.requests, "no-such-request"]
    return pen.one_of(*known)


REPORTER: dict[str, ReporterVerb] = {
    "task.signed": signed,
    "progress.reported": reported,
    "progress.corrected": corrected,
    "completion.submitted": submitted,
    "extension.requested": requested,
}

ASSIGNER: dict[str, AssignerVerb] = {
    "completion.returned": returned,
    "task.closed": closed,
    "task.reopened": reopened,
    "task.reassigned": reassigned,
    "task.urged": urged,
    "extension.granted": granted,
    "extension.refused": refused,
    "deadline.clarified": clarified,
}
