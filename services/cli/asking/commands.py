"""The commands `duban audit state`, `diff` and `who-knew`."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Column, Table

from events.entries import Recorded
from events.ledger import Ledger
from services.cli import board
from services.cli.alert_explaining import TRIGGERS
from services.cli.asking.changes import TaskChange, changes_between
from services.cli.asking.moments import moment_of
from services.cli.asking.past_board import PastRows, board_as_of
from services.cli.asking.told import Told, told_of
from services.cli.asking.words import OUTCOMES, sentence
from services.cli.log_at import log_at, record_at
from services.cli.options import DataOption, JsonOption, LedgerOption, ledger_of, out, with_server
from services.cli.replay import Selection, replay
from services.cli.target import LEDGER
from services.status.row import TaskRow

MOMENT = "a day (its end is meant), a position, or an instant with an offset"


def state(
    as_of: Annotated[str, typer.Option("--as-of", metavar="MOMENT", help=f"As of {MOMENT}")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    json: JsonOption = False,
) -> None:
    """Print the board as of a moment, folded from the log by the rules of then."""
    present = ledger_of(data, ledger)
    moment = moment_of(as_of, present)
    found = with_server(data, lambda redis: board_as_of(redis, log_at(data, redis, ledger), present, moment))
    if json:
        _print_json({**found.heading(), "items": list(found.rows.values())})
    else:
        _print_board(found)


def diff(
    since: Annotated[str, typer.Option("--from", metavar="MOMENT", help=f"The earlier board: {MOMENT}")],
    until: Annotated[str, typer.Option("--to", metavar="MOMENT", help="The later board, in the same way")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    json: JsonOption = False,
) -> None:
    """Print what changed between two moments, and by which events of whom."""
    present = ledger_of(data, ledger)
    moments = moment_of(since, present), moment_of(until, present)

    async def work(redis: Any) -> tuple[PastRows, PastRows, list[TaskChange]]:
        log = log_at(data, redis, ledger)
        earlier, later = [await board_as_of(redis, log, present, moment) for moment in moments]
        wanted = Selection(after=earlier.position, until=later.position)
        events = [recorded async for _, recorded in replay(log, wanted)]
        return earlier, later, changes_between(earlier.rows, later.rows, events)

    earlier, later, changes = with_server(data, work)
    if json:
        told = [change.as_json() for change in changes]
        _print_json({"from": earlier.heading(), "to": later.heading(), "tasks": told})
        return
    table = Table(
        "任务", "变化", "依据（日志序号、记录时间、报送账号、类型）", title=f"{earlier}\n{later}", expand=True
    )
    for change in changes:
        new = ["新交办"] if change.new else []
        events = "\n".join(_event(entry, present) for entry in change.events) or "（仅因时间推移）"
        table.add_row(f"{change.task}\n{change.title}", "\n".join([*new, *map(sentence, change.changes)]), events)
    out.print(table)


def who_knew(
    task: Annotated[str, typer.Argument(help="The id of a task")],
    on: Annotated[str, typer.Option("--on", metavar="MOMENT", help=f"By {MOMENT}")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    json: JsonOption = False,
) -> None:
    """Print what was recorded of a task by a moment, who had been told, and its row as it would have been shown."""
    present = ledger_of(data, ledger)
    moment = moment_of(on, present)

    async def work(redis: Any) -> tuple[PastRows, list[tuple[bytes, Recorded]], list[Told]]:
        log = log_at(data, redis, ledger)
        found = await board_as_of(redis, log, present, moment)
        wanted = Selection(task=task, until=found.position)
        events = [(stored.raw, recorded) async for stored, recorded in replay(log, wanted)]
        return (
            found,
            events,
            await told_of(record_at(data, redis, ledger), task, found.at) if found.at is not None else [],
        )

    found, events, told = with_server(data, work)
    row = found.rows.get(task)
    if json:
        recorded = [{"position": entry.position, "event": msgspec.Raw(raw)} for raw, entry in events]
        alerts = [{"alert": one.alert, "attempts": one.attempts} for one in told]
        _print_json({**found.heading(), "task": task, "row": row, "events": recorded, "alerts": alerts})
    else:
        _print_known(found, row, [entry for _, entry in events], told)


def _print_json(value: object) -> None:
    out.out(msgspec.json.encode(value).decode(), highlight=False)


def _print_board(found: PastRows) -> None:
    names = msgspec.to_builtins(found.ledger.light_names)
    out.print(board.table(msgspec.to_builtins(list(found.rows.values())), found.ledger.title, str(found), names))


def _print_known(found: PastRows, row: TaskRow | None, events: list[Recorded], told: list[Told]) -> None:
    """Print three tables: the events, the alerts with their attempts, the row."""
    content = Column("内容", overflow="fold")
    recorded = Table("日志序号、记录时间、报送账号、类型", content, title="当时已记录", expand=True)
    for entry in events:
        recorded.add_row(_event(entry, found.ledger), msgspec.json.encode(entry.event.data).decode())
    out.print(recorded)
    sent = Table("产生时间", "收件方", "事由", "发送情况", title="当时已提醒", expand=True)
    for alert, attempts in told:
        tries = "\n".join(f"{_minute(one.at, found.ledger)} {one.channel} {OUTCOMES[one.outcome]}" for one in attempts)
        sent.add_row(_minute(alert.at, found.ledger), alert.recipient, TRIGGERS[alert.on], tries or "（尚未发送）")
    out.print(sent)
    rows = msgspec.to_builtins([row] if row is not None else [])
    out.print(board.table(rows, "当时台账所示", str(found), msgspec.to_builtins(found.ledger.light_names)))


def _event(entry: Recorded, ledger: Ledger) -> str:
    event = entry.event
    at = _minute(event.at, ledger)
    return f"{entry.position}  {at}  {event.authid or event.source}  {event.type.removeprefix('duban.')}"


def _minute(at: datetime, ledger: Ledger) -> str:
    return f"{at.astimezone(ledger.zone):%Y-%m-%d %H:%M}"
