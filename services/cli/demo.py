"""The demo: August 2017 to January 2021 on the real table in about a minute, with real services."""

import asyncio
import shutil
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from events.envelope import encode, parse
from services.cli import board
from services.cli.client import Client, tally
from services.cli.demo_history import Step, synthetic
from services.cli.lock import LOCK, locked
from services.cli.receiver import Receiver
from services.cli.service_error import ServiceError
from services.cli.sign_in import print_links
from services.cli.supervisor import Supervisor
from services.cli.target import LEDGER, find, prepare
from services.cli.terminal import visible
from services.common.calendars import load_working_days
from services.common.clock import sleep
from services.common.settings import SettingsError, load_ledger, load_ledgers, shipped
from services.schedule.document import read_document
from services.schedule.plan import Order
from services.schedule.planning import plan_tasks

PLAN = "zj-2017"
ISSUED = date(2017, 8, 1)
LAST_DAY = "2021-01-02T00:00:00+08:00"
START = datetime.fromisoformat("2017-08-01T00:00:00+08:00")
END = datetime.fromisoformat(LAST_DAY)

LEAD_SECONDS = 5.0
"""Real seconds before the first instant, for the services to start."""

FRAME_SECONDS = 0.25
ALERTS_SHOWN = 5

FRAME_LINES = 9
"""Lines of the screen without a task or an alert: titles, borders, figures."""

MARKER = ".duban-demo"
"""The file that marks a directory as made by a demo; only such a directory is emptied."""


def clear(data: Path) -> None:
    """Empty and mark `data`; raises SettingsError if no demo made it, or if `duban up` or a demo runs on it."""
    _check_own(data)
    with locked(data):
        _check_own(data)  # another process may have filled it before this one held the lock
        for path in data.iterdir():
            if path.name == LOCK:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        (data / MARKER).touch()


def _check_own(data: Path) -> None:
    """Raise SettingsError unless a directory is missing, empty or made by a demo."""
    if data.is_symlink() or (data.exists() and not data.is_dir()):
        raise SettingsError(f"{data} is not a directory; name another with --data")
    if data.exists() and {path.name for path in data.iterdir()} - {LOCK} and not (data / MARKER).is_file():
        raise SettingsError(
            f"{data} is not empty and has no {MARKER}, so no demo made it; nothing was deleted:"
            " name a missing or empty directory with --data"
        )


class Demo:
    """One run; its data stays in `data`."""

    def __init__(self, data: Path, port: int, seconds: float, *, once: bool, console: Console) -> None:
        self._data = data
        self._port = port
        self._speed = (END - START).total_seconds() / seconds
        self._once = once
        self._console = console
        self._rows: dict[str, dict[str, Any]] = {}
        self._counted = {"accepted": 0, "duplicate": 0, "refused": 0}

    async def run(self) -> int:
        """Run the demo and return the exit code."""
        clear(self._data)
        prepare(self._data)
        async with Receiver() as receiver:
            ledger_file = self._data / "ledgers" / f"{LEDGER}.toml"
            with ledger_file.open("a", encoding="utf-8") as file:  # [alerts] is the file's last table
                file.write(
                    f'\nallow = ["{urlsplit(receiver.url).netloc}"]\n'
                    f'[alerts.channels]\n"*" = [{{ webhook = "{receiver.url}", secret = "{receiver.secret}" }}]\n'
                )
            start = START - timedelta(seconds=LEAD_SECONDS * self._speed)
            clock = f"{start.isoformat()}@{self._speed:.0f}"
            async with Supervisor(self._data, self._port, clock, logs=self._data / "logs").running() as running:
                target = find(self._data)
                if not self._once:
                    await print_links(target, load_ledgers(ledger_file.parent))
                async with Client(target, LEDGER) as client:
                    await self._play(client)
                    await self._until_delivered(client)
                    failed = await self._print_summary(client, receiver)
                if not self._once:
                    self._console.print(
                        f"duban keeps running; see the board with `duban status --data {self._data}`. Ctrl-C ends it."
                    )
                    await print_links(target, load_ledgers(ledger_file.parent))
                    await running.until_stopped()
                return failed

    async def _play(self, client: Client) -> None:
        """Assign the tasks on their day of issue, then submit each event of the history at its instant."""
        ledger = load_ledger(self._data / "ledgers" / f"{LEDGER}.toml")
        document = shipped("zhanjiang-2017-key-tasks.txt")
        table = read_document(document.read_bytes(), document.name)
        days = load_working_days(self._data / "ledgers")
        lines = plan_tasks(table, Order(PLAN, ISSUED, "office"), ledger, days).lines
        assigned = [parse(bytes(line.event)) for line in lines]
        steps = [Step("office", event) for event in assigned] + synthetic(assigned, ledger, END)
        follower = asyncio.create_task(self._follow(client))
        try:
            with Live(console=self._console, auto_refresh=False) as live:
                while (now := await self._now(client)) < END:
                    if now < START:
                        await sleep(FRAME_SECONDS)
                        continue
                    due = [step for step in steps if step.event.time <= now]
                    steps = steps[len(due) :]
                    await self._submit(client, due)
                    live.update(await self._screen(client), refresh=self._console.is_terminal)
                    await sleep(FRAME_SECONDS)
                await self._submit(client, steps)
                live.update(await self._screen(client), refresh=True)
        finally:
            follower.cancel()

    async def _submit(self, client: Client, steps: list[Step]) -> None:
        """Submit steps in order; consecutive steps of one source go into one request."""
        while steps:
            source = steps[0].source
            length = next((n for n, step in enumerate(steps) if step.source != source), len(steps))
            outcomes = await client.submit([encode(step.event) for step in steps[:length]], source)
            for name, count in tally(outcomes).items():
                self._counted[name] += count
            for outcome in outcomes:
                if outcome["outcome"] == "refused":
                    self._console.print(f"refused: {outcome}", style="red", markup=False)
            steps = steps[length:]

    async def _follow(self, client: Client) -> None:
        """Follow the rows as a dashboard does: snapshot, then changes."""
        while True:
            try:
                async for rows in client.follow():
                    self._rows = rows
            except (httpx.HTTPError, ServiceError):
                await sleep(FRAME_SECONDS)

    async def _until_delivered(self, client: Client) -> None:
        """Wait until every alert has been delivered."""
        for _ in range(240):
            if not await client.alerts(state="waiting", limit="1") and not await client.alerts(
                state="sending", limit="1"
            ):
                return
            await sleep(FRAME_SECONDS)

    async def _now(self, client: Client) -> datetime:
        return datetime.fromisoformat((await client.overview())["at"])

    async def _screen(self, client: Client) -> Group:
        figures = await client.overview()
        rows = sorted(self._rows.values(), key=lambda row: row["row"])
        latest = board.alert_lines(await client.alerts(limit="500"), ALERTS_SHOWN)
        alerts = Text(visible("\n".join(latest)), no_wrap=True, overflow="ellipsis")
        if self._console.is_terminal:
            rows = board.fitting(rows, self._console.height - ALERTS_SHOWN - FRAME_LINES)
        return Group(
            board.table(rows, f"{figures['title']}（进展为演示数据）", board.figures(figures), figures["light_names"]),
            Panel(alerts, title="最新提醒", height=ALERTS_SHOWN + 2),
        )

    async def _print_summary(self, client: Client, receiver: Receiver) -> int:
        """Print the figures of the run and return the exit code: 1 if an event was refused or a digest was wrong."""
        position, rows = await client.tasks()
        next_day = (await self._now(client)).date() + timedelta(days=1)  # after the last recorded event
        passed = sum(row["overdue_since"] is not None for row in rows)
        self._console.print(board.figures(await client.overview()))
        self._console.print(
            f"{position} events, {position - self._counted['accepted']} of them from the clock; "
            f"{passed} tasks passed their due instant; "
            f"{receiver.digests} digests delivered, {receiver.repeats} twice, {receiver.forged} with a wrong signature"
        )
        self._console.print(f"The data stays in {self._data} until the next demo. To explore it:")
        self._console.print(f"  duban up --data {self._data} --clock {next_day}T00:00:00+08:00", soft_wrap=True)
        self._console.print(f"  duban status --data {self._data}", soft_wrap=True)
        return 1 if self._counted["refused"] or receiver.forged or receiver.repeats or not receiver.digests else 0
