"""What people read in a terminal: texts as they are, and nothing in them that acts."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from events.envelope import Event, encode
from services.cli.board import alert_lines
from services.cli.terminal import Terminal, visible
from tests.cli import terminal as terminals
from tests.examples import assigned, reported

NASTY = "已完成[/] :office: [excel版] [red]x[/red]\x1b[31m\x9b1m\u202etxt\u200b"
SHOWN = "已完成[/] :office: [excel版] [red]x[/red]U+001B[31mU+009B1mU+202EtxtU+200B"


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[terminals.Terminal]:
    """Return a duban in December 2018."""
    home = tmp_path_factory.mktemp("terminal") / "data"
    with terminals.Terminal(home).running("--clock", "2018-12-20T09:00:00+08:00") as terminal:
        yield terminal


def test_alerts_are_listed_by_when_they_arose() -> None:
    """Newest first, whatever the order of the record, in which what arose meanwhile comes late."""
    days = ("2018-12-02", "2018-12-31", "2018-12-11")
    alerts = [
        {"at": f"{day}T00:00:00+08:00", "causes": [number], "title": "T", "recipient": "市残联"}
        for number, day in enumerate(days)
    ]
    assert [line[:10] for line in alert_lines(alerts, 2)] == ["2018-12-31", "2018-12-11"]


def test_what_recurs_without_an_event_is_a_line_each_time() -> None:
    """A weekly summary to one recipient is not one to as many units as there were weeks."""
    weeks: list[dict[str, Any]] = [
        {"at": f"2018-12-{day}T08:30:00+08:00", "causes": [], "title": "T", "recipient": name}
        for day in ("03", "10")
        for name in ("市残联", "督查室")
    ]
    assert alert_lines(weeks, 5) == ["2018-12-10  督查室等 2 个单位  T", "2018-12-03  督查室等 2 个单位  T"]


def with_data(event: Event, **members: object) -> Event:
    """Return an event with other members in its data."""
    return msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, **members))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_that_acts_is_left(text: str) -> None:
    """Any text; what is printable stays as it is."""
    assert not set(visible(text)) & {"\x1b", "\x9b", "\r", "\u202e", "\u200b", "\u2028"}
    assert visible(visible(text)) == visible(text)


def test_tables_titles_and_lines_show_texts_as_they_are() -> None:
    """Each way a text gets to the terminal."""
    terminal = Terminal()
    terminal.file = io.StringIO()
    terminal.width = 200
    table = Table(NASTY, title=NASTY, caption=NASTY)
    table.add_row(NASTY)
    terminal.print(table)
    terminal.print(NASTY, style="red")
    assert terminal.file.getvalue().count(SHOWN) == 5


def test_commands_show_what_events_hold(duban: terminals.Terminal, tmp_path: Path) -> None:
    """A title and a summary with brackets, colons and controls, on the board and in a replay."""
    events = tmp_path / "events.ndjson"
    title = "编制台账[excel版]并报送"
    events.write_bytes(encode(with_data(assigned(), title=title)) + b"\n")
    assert duban("publish", str(events), "--source", "office").returncode == 0
    events.write_bytes(encode(with_data(reported(), summary=NASTY)) + b"\n")
    assert duban("publish", str(events), "--source", "units").returncode == 0
    board = duban("status", COLUMNS="300")
    assert title in board.stdout, board.stderr
    replay = duban("audit", "replay", COLUMNS="600")
    assert replay.returncode == 0, replay.stderr
    assert "已完成[/] :office: [excel版]" in replay.stdout
    assert not {"\x1b", "\x9b", "\u202e", "\u200b"} & set(replay.stdout)


def test_units_are_no_emoji() -> None:
    """A colon is a colon."""
    done = terminals.run("units", ":office:局", "--explain")
    assert ":office:局" in done.stdout + done.stderr


def test_a_secret_is_never_repeated(duban: terminals.Terminal) -> None:
    """`revoke` with the token itself instead of its id is an error that does not print the token."""
    secret = (duban.data / "tokens" / "units.token").read_text().strip()
    done = duban("token", "revoke", secret)
    assert done.returncode == 1
    assert secret not in done.stdout + done.stderr
    assert "not an id" in done.stderr
