"""A reading of a phrase in one Chinese sentence, as a civil servant would say it."""

import re
from datetime import datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from events.deadline import (
    Ambiguous,
    Every,
    Fixed,
    Milestone,
    Milestones,
    Ongoing,
    Recurring,
    Triggered,
    Unspecified,
)
from events.working_days import LIBRARY, WorkingDays
from services.schedule.period import PERIODS
from services.schedule.phrase import Phrase
from services.schedule.text import normalise

_EVERY: dict[Every, str] = {"year": "每年", "half-year": "每半年", "quarter": "每季度", "month": "每月"}
_ENDS = re.compile(r"[。；，;,.]+$")


def explain(phrase: Phrase, zone: ZoneInfo, days: WorkingDays = LIBRARY) -> str:
    """Return one Chinese sentence that says when a deadline passes, in the zone’s time; never raises."""
    match phrase.deadline:
        case Fixed(due=due):
            doubt = _doubt(due, zone, days) if phrase.rule in PERIODS else ""
            return f"最迟在{_until(due, zone)}前完成（自{_from(due, zone)}起即为逾期{doubt}）。"
        case Ambiguous(strict=strict, loose=loose):
            return (
                f"有两种理解：从严为{_until(strict, zone)}前完成，从宽为{_until(loose, zone)}前完成；"
                f"按从严的时间提醒，按从宽的时间认定逾期（自{_from(loose, zone)}起即为逾期）。"
            )
        case Recurring(every=every, first=first):
            return (
                f"{_EVERY[every]}完成一次，首次最迟在{_until(first, zone)}前，此后{_EVERY[every]}同期；逐次认定逾期。"
            )
        case Ongoing():
            return "长期推进，没有截止时间，不认定逾期。"
        case Triggered(trigger=trigger):
            return f"何时完成取决于“{trigger}”，时间明确之前不认定逾期。"
        case Milestones(milestones=milestones):
            steps = "；".join(f"第{at}步{_step(step, zone)}" for at, step in enumerate(milestones, 1))
            return f"分{len(milestones)}步完成，逐步认定逾期：{steps}。"
        case Unspecified():
            return "没有规定完成时间，不认定逾期。"
        case other:
            assert_never(other)


def _step(step: Milestone, zone: ZoneInfo) -> str:
    text = _ENDS.sub("", " ".join(step.text.split()))
    part = "" if step.percent is None or "%" in normalise(text) else f"，完成{step.percent:g}%"
    return f"（{text}{part}）最迟在{_until(step.due, zone)}前"


def _until(due: datetime, zone: ZoneInfo) -> str:
    """Say an exclusive instant as documents do: midnight is 24时 of the day before."""
    local = due.astimezone(zone)
    if (local.hour, local.minute, local.second) == (0, 0, 0):
        return f"{_day(local - timedelta(days=1))}24时"
    return _from(due, zone)


def _from(due: datetime, zone: ZoneInfo) -> str:
    local = due.astimezone(zone)
    return f"{_day(local)}{local.hour}时" + (f"{local.minute}分" if local.minute else "")


def _day(local: datetime) -> str:
    return f"{local.year}年{local.month}月{local.day}日"


def _doubt(due: datetime, zone: ZoneInfo, days: WorkingDays) -> str:
    """Say where the end of a counted period rests on weekends alone, for want of its year’s calendar."""
    last = due.astimezone(zone) - timedelta(days=1)
    return "" if days.known(last.year) else "；该年放假安排没有公布，期限末日仅按周末顺延"
