"""Reports that arrive out of the order of their times: the row keeps what the latest one, by its time, reported."""

from events.schema import CompletionSubmitted, ProgressCorrected, ProgressReported
from tests.status.tracked_tasks import HELPER, LEAD, at, opened, then, unit

LATER = ("2018-11-20", ProgressReported(LEAD, "合同已签", 60))
EARLIER = ("2018-11-01", ProgressReported(LEAD, "正在招标", 20))


def test_an_earlier_report_changes_neither_percent_nor_instant() -> None:
    """Of the unit and of the task; the state changes as with any report."""
    row = then(opened(), LATER, EARLIER).row
    assert (row.percent, row.last_report_at) == (60, at("2018-11-20"))
    assert (unit(row).percent, unit(row).last_report_at, unit(row).state) == (60, at("2018-11-20"), "in-progress")
    assert row.position == 3


def test_a_report_of_the_same_instant_counts() -> None:
    """The later position decides."""
    row = then(opened(), LATER, ("2018-11-20", ProgressReported(LEAD, "更正", 55))).row
    assert row.percent == 55


def test_units_do_not_outdate_each_other() -> None:
    """A cooperating unit's report of an earlier time is that unit's latest; the task's instant stays."""
    row = then(opened(), LATER, ("2018-11-01", ProgressReported(HELPER, "配合", 10))).row
    assert (row.percent, row.last_report_at) == (60, at("2018-11-20"))
    assert (unit(row, HELPER).percent, unit(row, HELPER).last_report_at) == (10, at("2018-11-01"))


def test_an_earlier_submission_moves_no_instant_back() -> None:
    """It submits all the same."""
    row = then(opened(), LATER, ("2018-11-01", CompletionSubmitted(LEAD, "已办结", ()))).row
    assert (row.state, row.last_report_at, unit(row).last_report_at) == ("submitted", *[at("2018-11-20")] * 2)


def test_correcting_an_earlier_report_leaves_the_later_ones_percent() -> None:
    """Correcting the latest one replaces it, also where the correction bears an earlier time."""
    task = then(opened(), LATER, EARLIER)  # e-2 and e-3
    outdated = then(task, ("2018-11-21", ProgressCorrected("e-3", "笔误", LEAD, "正在招标", 25)))
    assert outdated.row.percent == 60
    latest = then(task, ("2018-11-02", ProgressCorrected("e-2", "笔误", LEAD, "合同已签", 65)))
    assert (latest.row.percent, latest.row.last_report_at) == (65, at("2018-11-20"))
