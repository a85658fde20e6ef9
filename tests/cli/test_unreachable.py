"""Units of imported tasks that no channel reaches: the import names them."""

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace

from events.channel import Channel
from services.cli.unreachable import unreachable, unreachable_warning
from services.common.settings import load_ledger, shipped
from services.schedule.document import read_document
from services.schedule.plan import Order
from services.schedule.planning import plan_tasks
from services.schedule.preview import PreviewRow, preview_rows

LEDGER = load_ledger(shipped("zhanjiang.toml"))
WEBHOOK = (Channel(webhook="https://alerts.example.org/", secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),)


@pytest.fixture(scope="module")
def rows() -> tuple[PreviewRow, ...]:
    """Return the rows of the table of 2017."""
    document = shipped("zhanjiang-2017-key-tasks.txt")
    table = read_document(document.read_bytes(), document.name)
    return preview_rows(plan_tasks(table, Order("zj-2017", date(2017, 8, 1), "office"), LEDGER), {})


def test_units_without_a_channel_are_named(rows: tuple[PreviewRow, ...]) -> None:
    """Groups as their members; none once everybody has one."""
    names = unreachable(LEDGER, rows)
    assert len(names) == 39
    assert {"市残联", "徐闻县"} <= set(names)
    own = replace(LEDGER, alerts=replace(LEDGER.alerts, channels={"市残联": WEBHOOK}))
    assert set(names) - set(unreachable(own, rows)) == {"市残联"}
    assert unreachable(replace(LEDGER, alerts=replace(LEDGER.alerts, channels={"*": WEBHOOK})), rows) == []


def test_the_warning_says_what_becomes_of_their_alerts(
    rows: tuple[PreviewRow, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a ledger whose file is at hand; a remote one's own doctor says so."""
    monkeypatch.delenv("DUBAN_URL", raising=False)
    monkeypatch.delenv("DUBAN_LEDGERS", raising=False)
    warning = unreachable_warning(tmp_path, "zhanjiang", rows)
    assert warning is not None
    assert warning.startswith("no channel reaches 市民政局、")
    assert "and 34 other units: their alerts are sent once [alerts.channels]" in warning
    monkeypatch.setenv("DUBAN_URL", "http://127.0.0.1:9")
    assert unreachable_warning(tmp_path, "zhanjiang", rows) is None
