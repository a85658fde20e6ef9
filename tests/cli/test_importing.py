"""Importing documents as an office types it: shown, assigned, partly assigned, corrected."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.common.settings import shipped
from tests.cli.terminal import Terminal, run
from tests.schedule.documents import Drawing, book

TABLE = str(shipped("zhanjiang-2017-key-tasks.txt"))
IMPORT = ("import", TABLE, "--plan", "zj-2017", "--issued", "2017-08-01")


@pytest.fixture(scope="module")
def duban(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Return a duban with the table imported, in December 2018."""
    with Terminal(tmp_path_factory.mktemp("importing") / "data").running(
        "--clock", "2018-12-20T09:00:00+08:00"
    ) as terminal:
        assert terminal(*IMPORT).stdout == "accepted 27, duplicate 0, refused 0\n"
        yield terminal


def test_importing_again_assigns_nothing_new(duban: Terminal) -> None:
    """An import is a set of submissions with ids of their own: repeating it is safe."""
    assert duban(*IMPORT).stdout == "accepted 0, duplicate 27, refused 0\n"


def test_a_dry_run_shows_what_would_be_assigned_and_needs_no_duban() -> None:
    """All 27 rows are shown as they were read; with --json with the events that would assign them."""
    shown = run(*IMPORT, "--dry-run")
    assert shown.returncode == 0
    assert shown.stdout.count("zj-2017-") == 27
    assert "before-month" in shown.stdout
    assert "assigning" not in shown.stderr
    narrow = "".join(line.split("│")[3].strip() for line in shown.stdout.splitlines() if line.startswith("│"))
    assert "从严为2018年11月30日24时前完成，从宽为2018年12月31日24时前完成" in narrow
    read = json.loads(run(*IMPORT, "--dry-run", "--json").stdout)
    assert [row["event"]["subject"] for row in read["rows"]] == [f"zj-2017-{number:02}" for number in range(1, 28)]
    assert {row["state"] for row in read["rows"]} == {None}


def test_a_dry_run_compares_each_row_with_the_ledger(duban: Terminal) -> None:
    """Tasks that the ledger has are shown as assigned."""
    read = json.loads(duban(*IMPORT, "--dry-run", "--json").stdout)
    assert {row["state"] for row in read["rows"]} == {"same"}


def test_an_unreadable_row_is_reported_with_its_place(tmp_path: Path) -> None:
    """The others are still read; the exit code is 1."""
    broken = tmp_path / "table.txt"
    text = Path(TABLE).read_text(encoding="utf-8")
    broken.write_text(text.replace("2018年全市残疾人危房改造全面完成", "2018年2月30日前"), encoding="utf-8")
    done = run("import", str(broken), "--plan", "p", "--issued", "2017-08-01", "--dry-run")
    assert done.returncode == 1
    assert "row 3, 时间进度" in done.stderr
    assert "2018年2月30日前" in done.stderr
    assert done.stdout.count("p-") >= 26


def test_an_unreadable_file_is_reported_without_a_row(duban: Terminal, tmp_path: Path) -> None:
    """It has no row to name, and --partial would not help."""
    table = tmp_path / "a.docx"
    table.write_bytes(b"\xff")
    done = duban("import", str(table), "--plan", "p", "--issued", "2018-12-01")
    assert (done.returncode, done.stdout) == (1, "")
    assert "a.docx: the file: the file is neither" in done.stderr
    assert done.stderr.splitlines()[-1] == "nothing was assigned"


def test_a_document_with_broken_rows_is_assigned_only_where_that_is_asked_for(duban: Terminal, tmp_path: Path) -> None:
    """First nothing is assigned, with --partial all that can be read; mended, only the rest is new."""
    table = tmp_path / "分工表.xlsx"
    rows: Drawing = [["序号", "工作任务", "责任单位", "完成时限"], [1, "开展培训。", "市残联", "2020年底前"]]
    table.write_bytes(book(S=[*rows, [2, "建立网站。", "市残联", "2020年2月30日前"]]))
    words = ("import", str(table), "--plan", "broken", "--issued", "2018-12-01")
    refused = duban(*words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "row 2, 时间进度, S!D3" in refused.stderr
    assert "nothing was assigned" in refused.stderr
    partial = duban(*words, "--partial")
    assert (partial.returncode, partial.stdout) == (1, "accepted 1, duplicate 0, refused 0\n")
    table.write_bytes(book(S=[*rows, [2, "建立网站。", "市残联", "2020年2月29日前完成"]]))
    assert duban(*words).stdout == "accepted 1, duplicate 1, refused 0\n"


def test_a_corrected_document_proposes_and_corrects_where_that_is_asked_for(duban: Terminal, tmp_path: Path) -> None:
    """The difference is reported; --corrections submits its corrections, and then there is none."""
    table = tmp_path / "table.csv"
    heading = "序号,工作任务,责任单位,完成时限\n"
    words = ("import", str(table), "--plan", "corrected", "--issued", "2018-12-01")
    table.write_text(heading + "1,开展培训。,市残联,2019年底前\n", encoding="gb18030")
    assert duban(*words).stdout == "accepted 1, duplicate 0, refused 0\n"
    table.write_text(heading + "1,开展培训。,市民政局、市残联,2020年底前\n", encoding="gb18030")
    proposed = duban(*words)
    assert proposed.stdout == "accepted 0, duplicate 0, refused 0\n"
    assert "“2019年底前”" in proposed.stderr
    assert "2 corrections are proposed" in proposed.stderr
    assert duban(*words, "--corrections").stdout == "accepted 2, duplicate 0, refused 0\n"
    assert duban(*words, "--corrections").stdout == "accepted 0, duplicate 1, refused 0\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("deadline", "2018年12月前完成", "--issued", "2017-08-01"), "从严为2018年11月30日24时前"),
        (("units", "市民政局牵头，市残联配合"), "市民政局"),
    ],
)
def test_a_cell_can_be_explained(words: tuple[str, ...], message: str) -> None:
    """With --explain a sentence in Chinese follows the JSON."""
    done = run(*words, "--explain")
    assert done.returncode == 0
    _, sentence, *_ = done.stdout.splitlines()
    assert message in sentence


def test_strict_refuses_what_a_person_should_look_at(tmp_path: Path) -> None:
    """The preview marks such rows and says why; with --strict they are refused, and the others are shown."""
    table = tmp_path / "分工表.xlsx"
    rows: Drawing = [["序号", "工作任务", "责任单位", "完成时限"], [1, "开展培训。", "市残联", "2020年底前"]]
    table.write_bytes(book(S=[*rows, [2, "建立网站。", "市残联、市民政局", "2020年底前"]]))
    words = ("import", str(table), "--plan", "strict", "--issued", "2018-12-01", "--dry-run")
    read = json.loads(run(*words, "--json").stdout)
    assert [row["marks"] for row in read["rows"]] == [[], ["lead-inferred"]]
    assert "▲ 需人工核对1项，共2项" in run(*words).stdout
    strict = run(*words, "--strict")
    assert strict.returncode == 1
    assert "--strict: nothing says which of the units leads" in strict.stderr
    assert strict.stdout.count("strict-") == 1


def test_a_directory_from_a_table(tmp_path: Path) -> None:
    """`units --learn` prints a new ledger’s file, also while that is being written; then the table is read by it."""
    table = tmp_path / "分工表.xlsx"
    table.write_bytes(book(S=[["序号", "工作任务", "责任单位", "完成时限"], [1, "开展培训。", "市残联", "2020年底前"]]))
    ledgers = tmp_path / "data" / "ledgers"
    ledgers.mkdir(parents=True)
    (ledgers / "city.toml").touch()
    place = ("--data", str(tmp_path / "data"), "--ledger", "city")
    learnt = run("units", "--learn", str(table), *place)
    assert learnt.returncode == 0
    (ledgers / "city.toml").write_text(learnt.stdout, encoding="utf-8")
    assert json.loads(run("units", "市残联", *place).stdout)["lead"] == "市残联"
    again = run("units", "--learn", str(table), *place)
    assert "0 new units" in again.stderr
    assert run("units", *place).returncode == 2
