"""The board in a terminal: task rows as a table, alerts as a list, in Chinese like the data."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from rich.table import Table
from rich.text import Text

LIGHTS = {
    "red": ("▲ 逾期", "bold red"),
    "yellow": ("◆ 预警", "yellow"),
    "green": ("● 正常", "green"),
    "blue": ("■ 办结", "blue"),
}
"""Each light has a shape and a word, so that colour is not needed to tell them apart."""

REASONS = {
    "closed": "已销号",
    "overdue": "超过时限",
    "due-soon": "临近时限",
    "behind": "落后序时进度",
    "silent": "长期未反馈进展",
    "on-track": "",
}

STATES = {
    "assigned": "已交办",
    "in-progress": "办理中",
    "submitted": "已报办结",
    "returned": "已退回",
    "closed": "已销号",
}


def table(
    rows: Sequence[dict[str, Any]], title: str, caption: str = "", names: Mapping[str, Any] = MappingProxyType({})
) -> Table:
    """Return task rows as a table; `names` are those of the overview's `light_names`."""
    board = Table(title=title, caption=caption, expand=True, pad_edge=False)
    board.add_column("序号", justify="right", no_wrap=True)
    board.add_column("工作任务", no_wrap=True, overflow="ellipsis", ratio=3)
    board.add_column("牵头单位", no_wrap=True, overflow="ellipsis", ratio=2)
    board.add_column("时间进度", no_wrap=True, overflow="ellipsis", ratio=2)
    board.add_column("进展", justify="right", no_wrap=True)
    board.add_column("状态", no_wrap=True)
    board.add_column("灯", no_wrap=True)
    board.add_column("说明", no_wrap=True)
    for row in rows:
        style = LIGHTS[row["light"]][1]
        percent = row["percent"]
        board.add_row(
            str(row["row"] or row["task"]),
            row["title"],
            row["lead"],
            row["deadline"]["text"] or "—",
            f"{percent:g}%" if percent is not None else "—",
            STATES[row["state"]],
            Text(light_word(row["light"], names), style=style),
            REASONS[row["light_reason"]],
        )
    return board


def light_word(light: str, names: Mapping[str, Any]) -> str:
    """Return a light's shape and word, the ledger's own where it has one."""
    shape, _, usual = LIGHTS[light][0].partition(" ")
    return f"{shape} {names.get(light, {}).get('word') or usual}"


def figures(overview: dict[str, Any]) -> str:
    """Return the ledger's figures as one line."""
    lights, names = overview["lights"], overview["light_names"]
    counted = "  ".join(f"{light_word(light, names)} {lights[light]}" for light in LIGHTS)
    return f"{overview['at'][:10]}  共 {overview['tasks']} 项  {counted}  （日志序号 {overview['position']}）"


def alert_lines(alerts: Sequence[dict[str, Any]], most: int) -> list[str]:
    """Return alerts, newest first, one line per event with its recipients."""
    by_event: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for alert in sorted(alerts, key=lambda alert: datetime.fromisoformat(alert["at"]), reverse=True):
        by_event.setdefault((alert["at"], alert["title"], *alert["causes"]), []).append(alert)
    lines = []
    for same in list(by_event.values())[:most]:
        others = f"等 {len(same)} 个单位" if len(same) > 1 else ""
        lines.append(f"{same[0]['at'][:10]}  {same[-1]['recipient']}{others}  {same[0]['title']}")
    return lines


def fitting(rows: Sequence[dict[str, Any]], room: int) -> list[dict[str, Any]]:
    """Return the most urgent rows that fit into `room` lines, in their given order."""
    urgent = sorted(rows, key=lambda row: list(LIGHTS).index(row["light"]))
    chosen = {row["task"] for row in urgent[: max(1, room)]}
    return [row for row in rows if row["task"] in chosen]
