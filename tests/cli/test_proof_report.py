"""The report of a proof: what a person reads, and the same proof in it for `check-proof`."""

import base64
import io
import re
from html import unescape
from pathlib import Path

import pytest
from docx import Document
from msgspec.structs import replace

from events.entries import Stored
from events.envelope import Event
from events.schema import ProgressReported
from events.text import Language
from services.cli.fsck.files import DirectoryFiles
from services.cli.proof_report.content import ProofReport, report_of, task_until
from services.cli.proof_report.docx_file import docx_file
from services.cli.proof_report.html_file import html_file
from services.cli.prover import Prover
from services.common.settings import load_ledger, shipped
from tests.cli.terminal import run
from tests.events.seal.logs import Sealed, policy_text
from tests.examples import EXAMPLES, NEWER, store

LEDGER = load_ledger(shipped("zhanjiang.toml"))


TASK = "zj-2017-07"

REPORT = 3
"""Its position."""


def changed(event: Event) -> Event:
    """Return an example; the report's summary has markup and a control character."""
    if isinstance(event.data, ProgressReported):
        return replace(event, data=replace(event.data, summary="安置<b>残疾人</b>46名\x00"))
    return event


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    """Return a sealed log with an event of each type, most of one task."""
    sealed = Sealed(tmp_path_factory.mktemp("sealed"))
    sealed.grow(store(changed(one)) for one in (*EXAMPLES.values(), *NEWER.values()))
    return sealed


def report(sealed: Sealed, position: int, language: Language = "zh") -> ProofReport:
    """Return the report of a position."""
    files = DirectoryFiles(sealed.root)
    prover = Prover(files)
    proof = prover.prove(position)
    entries = [prover.prove(one).extra or b"" for one in range(1, position + 1)]
    task = task_until(LEDGER, [Stored(at, raw) for at, raw in enumerate(entries, 1)], TASK)
    return report_of(proof, LEDGER, task, language)


def rows(report: ProofReport) -> dict[str, str]:
    return {label: value for part in report.parts for label, value in part.rows}


def test_a_report_says_who_when_and_where(sealed: Sealed) -> None:
    """Also the task and its deadline as of then, in the ledger's zone."""
    found = rows(report(sealed, REPORT))
    assert (found["日志序号"], found["事件"]) == ("3", "反馈进展（duban.progress.reported.v1）")
    assert found["报送方"] == "units/disabled-persons-federation (units)"
    assert found["受理时间（服务器记录）"] == "2019-04-01 09:00:00 +0800"
    assert (found["进展"], found["任务编号"], found["检查点条目数"]) == ("50%", TASK, str(len(EXAMPLES) + len(NEWER)))
    assert "挂牌照片.jpg（SHA-256 9f86d081" in found["佐证材料"]
    assert (found["时间进度"], found["牵头单位"]) == ("2018年12月前完成", "市残联")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_type_of_event_has_its_words(sealed: Sealed, language: Language) -> None:
    """None is left as it is on the wire."""
    for position in range(1, len(EXAMPLES) + len(NEWER) + 1):
        labels = rows(report(sealed, position, language))
        assert all(value for value in labels.values())
        assert not set(labels) & {"unit", "summary", "evidence", "due", "deadline"}


def test_a_page_has_the_proof_as_text_and_as_a_file(sealed: Sealed) -> None:
    """What a source wrote is text, not markup; nothing is loaded from elsewhere."""
    proof = Prover(DirectoryFiles(sealed.root)).prove(REPORT).encode()
    page = html_file(report(sealed, REPORT)).decode()
    text = re.search(r'<pre id="proof">(.*?)</pre>', page, re.DOTALL)
    data = re.search(r"base64,([A-Za-z0-9+/=]+)", page)
    assert text is not None
    assert data is not None
    assert unescape(text[1]).encode() == proof == base64.b64decode(data[1])
    assert "安置&lt;b&gt;残疾人&lt;/b&gt;46名␀" in page
    assert "<script" not in page
    assert re.search(r"(src|href)=\"(?!data:)", page) is None


def test_a_document_has_the_proof_line_by_line(sealed: Sealed) -> None:
    """As the text of its last table."""
    document = Document(io.BytesIO(docx_file(report(sealed, REPORT))))
    assert (
        document.tables[-1].rows[1].cells[0].text.encode() == Prover(DirectoryFiles(sealed.root)).prove(REPORT).encode()
    )
    shown = {cells[0].text: cells[1].text for row in document.tables[0].rows if (cells := row.cells)}
    assert shown["日志序号"] == "3"


def test_the_command_writes_both_forms_and_replaces_only_its_own(sealed: Sealed, tmp_path: Path) -> None:
    """The proof that a page carries is checked by the policy alone."""
    policy = tmp_path / "policy"
    policy.write_bytes(policy_text(sealed.signer.keys, "quorum none"))
    for name in ("2.html", "2.docx"):
        for _ in range(2):
            done = run("audit", "prove", "2", "--archive", str(sealed.root), "--report", str(tmp_path / name))
            assert (done.returncode, done.stdout) == (0, ""), done.stderr
        (tmp_path / f"other-{name}").write_bytes(b"PK a letter")
        words = "audit", "prove", "2", "--archive", str(sealed.root), "--report", str(tmp_path / f"other-{name}")
        assert (run(*words).returncode, "is not a report" in run(*words).stderr) == (2, True)
    page = (tmp_path / "2.html").read_text(encoding="utf-8")
    text = re.search(r'<pre id="proof">(.*?)</pre>', page, re.DOTALL)
    assert text is not None
    (tmp_path / "2.tlog-proof").write_text(unescape(text[1]), encoding="utf-8")
    assert run("audit", "check-proof", str(tmp_path / "2.tlog-proof"), "--policy", str(policy)).returncode == 0


@pytest.mark.parametrize(
    ("words", "said"), [(("--report", "a.pdf"), ".html or .docx"), (("--report", "a.html", "--record"), "of the log")]
)
def test_wrong_usage(sealed: Sealed, words: tuple[str, ...], said: str) -> None:
    """Each with what would be right."""
    done = run("audit", "prove", "2", "--archive", str(sealed.root), *words)
    assert (done.returncode, said in done.stderr) == (2, True)
