"""The published contract: written by one command, and guarded by another."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import pytest
from msgspec import Meta

from events.schema import FromReporter, ProgressReported, TaskReopened
from services.common.settings import SERVICES, SettingsError, load_ledger, shipped
from services.contract import published as contract
from services.contract.ingest import LINES, MANY, ONE
from services.contract.openapi import PROBLEM
from tests.cli.terminal import run
from tests.events.rehearsing import rehearsing

PUBLISHED = Path(__file__).parents[2] / "deploy" / "contract"

REPORT = "schemas/duban.progress.reported.v1.json"


def test_what_is_published_is_what_the_code_has() -> None:
    """The contract in the repository is up to date, and no shape in it has changed."""
    assert contract.check(PUBLISHED, contract.documents()) == []


def test_it_is_written_without_a_duban(tmp_path: Path) -> None:
    """One command writes and lists every file; a second time there is nothing to write."""
    directory = tmp_path / "contract"
    first = run("contract", str(directory))
    assert first.returncode == 0, first.stderr
    files = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*.json")}
    assert files == contract.documents()
    assert {str(directory / file) in first.stdout for file in files} == {True}
    again = run("contract", str(directory))
    assert (again.returncode, again.stdout) == (
        0,
        f"{directory}: {len(files)} files, 0 written, the others unchanged\n",
    )
    assert run("contract", "--check", str(directory)).returncode == 0


def test_unpublished_files_are_reported(tmp_path: Path) -> None:
    """A missing file and one with other words fail the check, which says what to run."""
    contract.write(tmp_path, contract.documents())
    (tmp_path / "schemas" / "duban.task.signed.v1.json").unlink()
    path = tmp_path / REPORT
    path.write_text(path.read_text(encoding="utf-8").replace("A unit reports progress", "Progress"), encoding="utf-8")
    checked = run("contract", "--check", str(tmp_path))
    assert checked.returncode == 1
    assert checked.stderr.splitlines() == [
        f"{REPORT}: this is out of date; run `duban contract {tmp_path}`",
        f"schemas/duban.task.signed.v1.json: this is not published yet; run `duban contract {tmp_path}`",
    ]
    assert run("contract", str(tmp_path)).returncode == 0
    assert run("contract", "--check", str(tmp_path)).returncode == 0


def test_a_type_that_was_published_stays(tmp_path: Path) -> None:
    """A type that the language has no more fails the check, and nothing is written."""
    contract.write(tmp_path, contract.documents())
    praised = {"duban.task.praised.v1": TaskReopened}
    with rehearsing(praised, {}):
        contract.write(tmp_path, contract.documents())
    (tmp_path / REPORT).unlink()
    for words in (("contract", "--check"), ("contract",)):
        done = run(*words, str(tmp_path))
        assert done.returncode == 1
        assert "the type duban.task.praised.v1 was published and is no more in the language" in done.stderr
    assert not (tmp_path / REPORT).exists()


class Moody(ProgressReported, frozen=True):
    """A report with one more optional member."""

    mood: str | None = None


class Terse(FromReporter, frozen=True):
    """A report with another limit."""

    unit: Annotated[str, Meta(min_length=1, max_length=100)]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (Moody, "/$defs/Moody/properties/mood: was not there"),
        (Terse, "/$defs/Terse/properties/unit/maxLength: was 200"),
    ],
)
def test_a_changed_shape_needs_a_version_of_its_own(tmp_path: Path, data: type, where: str) -> None:
    """The check says which type, where, and what to do; writing refuses and leaves the published file as it was."""
    contract.write(tmp_path, contract.documents())
    before = (tmp_path / REPORT).read_bytes()
    with rehearsing({"duban.progress.reported.v1": data}, {}):
        changed = contract.documents()
    findings = [finding.detail for finding in contract.check(tmp_path, changed) if finding.file == REPORT]
    assert any(
        detail.startswith("the shape of duban.progress.reported.v1 was published and is another one at " + where)
        for detail in findings
    )
    assert all("make duban.progress.reported.v2 beside it with an upcaster" in detail for detail in findings)
    with pytest.raises(contract.PublishedError):
        contract.write(tmp_path, changed)
    assert (tmp_path / REPORT).read_bytes() == before


@pytest.mark.parametrize("service", SERVICES)
def test_every_answer_is_described(service: str) -> None:
    """Each operation has words, names its answers with what is in them, and each reference leads somewhere."""
    document = json.loads(contract.documents()[f"openapi/{service}.json"])
    assert {"/health/live", "/health/ready", "/v1/openapi.json", "/asyncapi"} <= document["paths"].keys()
    for path, item in document["paths"].items():
        for operation in item.values():
            assert operation["summary"]
            assert all(parameter.get("description") or parameter["in"] == "path" for parameter in _told(operation))
            assert operation["responses"], path
            for status, answer in operation["responses"].items():
                content = answer.get("content", {})
                assert bool(content) == (status not in {"204", "304"}), (path, status)
                assert (PROBLEM in content) == (int(status) >= 400 and status != "422")
    for reference in set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document))):
        assert reference in document["components"]["schemas"]


def _told(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return list(operation.get("parameters", ()))


def test_who_submits_is_told_how() -> None:
    """Ingest's doors name the token and the session, the three media types with examples, and when to come again."""
    document = json.loads(contract.documents()["openapi/ingest.json"])
    submit = document["paths"]["/v1/{ledger}/events"]["post"]
    assert submit["security"] == [{"bearer": []}, {"session": []}]
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert list(submit["requestBody"]["content"]) == [ONE, MANY, LINES]
    for form in submit["requestBody"]["content"].values():
        assert form["examples"]
    assert "Retry-After" in submit["responses"]["503"]["headers"]
    assert "WWW-Authenticate" in submit["responses"]["401"]["headers"]


@pytest.mark.parametrize("name", ["schemas", "static", "health", "v1", "asyncapi", "metrics"])
def test_a_ledger_does_not_stand_in_the_way_of_an_address_of_the_services(tmp_path: Path, name: str) -> None:
    """/v1/schemas and /static/ are taken: a ledger or a page of that name could not be reached."""
    path = tmp_path / f"{name}.toml"
    path.write_bytes(shipped("zhanjiang.toml").read_bytes())
    with pytest.raises(SettingsError, match=f"a ledger cannot be called {name}: "):
        load_ledger(path)
