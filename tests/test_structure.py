"""Limits on the structure of `events` and `services`; each exemption names its present size, so it can only shrink."""

import ast
import subprocess
import sys

import pytest

from tests.structure import called_pure, class_fields, class_modules, function_lines, listed_pure, modules

MOST_LINES = 40
"""Lines of a function: one screen."""

MOST_FIELDS = 10
"""Fields that a class assigns in `__init__`: more are two classes."""

LONG: dict[str, tuple[int, str]] = {
    "services.contract.asyncapi.asyncapi": (78, "one document, as a literal"),
}
"""Functions with more than MOST_LINES: their lines, and the reason."""

SHELL = "state of a long-running task that its methods share"

LARGE: dict[str, tuple[int, str]] = {
    "services.cli.supervisor.Supervisor": (11, SHELL),
    "services.ingest.draft.Draft": (14, "everything that one batch changes"),
}
"""Classes with more than MOST_FIELDS: their fields, and the reason."""

LATE = {"services.schedule.phrase", "services.schedule.units", "lark", "docx", "openpyxl"}
"""Modules that services load on use: the reader of documents, and libraries of documents."""


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.Module]:
    """Return every module of the product."""
    return modules()


def test_modules_that_state_they_are_pure_are_those_of_the_import_contract(trees: dict[str, ast.Module]) -> None:
    """A docstring's `Pure.` is checked by import-linter, and what import-linter checks is documented."""
    assert called_pure(trees) == listed_pure()


def test_functions_are_short(trees: dict[str, ast.Module]) -> None:
    """At most MOST_LINES; an exemption that has shrunk or gone is to be lowered or removed in LONG."""
    found = {name: lines for name, lines in function_lines(trees).items() if lines > MOST_LINES}
    assert found == {name: lines for name, (lines, _) in LONG.items()}


def test_classes_have_few_fields(trees: dict[str, ast.Module]) -> None:
    """At most MOST_FIELDS; an exemption that has shrunk or gone is to be lowered or removed in LARGE."""
    found = {name: fields for name, fields in class_fields(trees).items() if fields > MOST_FIELDS}
    assert found == {name: fields for name, (fields, _) in LARGE.items()}


def test_a_class_name_means_one_thing(trees: dict[str, ast.Module]) -> None:
    """Each name is defined once."""
    assert {name: places for name, places in class_modules(trees).items() if len(places) > 1} == {}


@pytest.mark.parametrize(
    "module", ["services.ingest.app", "services.status.app", "services.notify.app", "services.cli.client"]
)
def test_what_few_need_is_loaded_when_it_is_needed(module: str) -> None:
    """Not at each start: the reader of documents takes 0.3 s of it, libraries of documents another 0.2 s."""
    program = f"import sys, {module}; print(*sys.modules.keys() & {LATE!r})"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []
