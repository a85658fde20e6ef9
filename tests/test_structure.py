"""Limits on the structure of `events` and `services`; each exemption names its present size, so it can only shrink."""

import ast

import pytest

from tests.structure import called_pure, class_fields, class_modules, function_lines, listed_pure, modules

MOST_LINES = 40
"""Lines of a function: one screen."""

MOST_FIELDS = 10
"""Fields that a class assigns in `__init__`: more are two classes."""

WIRING = "builds one service: its routes, dependencies and lifespan"
COMMAND = "a command: its options, each with a help text, and one call"
MATCH = "one match over every type of event"
SHELL = "state of a long-running task that its methods share"

LONG: dict[str, tuple[int, str]] = {
    "events.projection.Projection._save_changes": (58, "packs a batch and handles each verdict of the save script"),
    "services.cli.commands.audit.audit_verify": (43, COMMAND),
    "services.cli.commands.doctor.doctor": (41, COMMAND),
    "services.cli.commands.importing.import_": (59, COMMAND),
    "services.cli.commands.publish._work": (46, "the options and steps of one run of `duban publish`"),
    "services.cli.commands.publish.publish": (50, COMMAND),
    "services.cli.demo_history._task": (41, "the invented history of one task, step by step"),
    "services.common.web.application": (84, "builds the application that all services share"),
    "services.contract.asyncapi.asyncapi": (104, "one document, as a literal"),
    "services.ingest.app.build": (204, WIRING),
    "services.ingest.app.build.lifespan": (53, WIRING),
    "services.ingest.task.evolve": (44, MATCH),
    "services.ingest.writer.Writer._decide": (44, "decides a batch, or the reason why it cannot be decided"),
    "services.ingest.writer.Writer.run": (49, "overlaps deciding and appending"),
    "services.notify.app.build": (86, WIRING),
    "services.schedule.layout.lay_out": (47, "assigns a meaning to each column of a table"),
    "services.schedule.plan._read": (43, "collects every refusal of a row"),
    "services.status.app.build": (159, WIRING),
    "services.status.core._step": (69, MATCH),
}
"""Functions with more than MOST_LINES: their lines, and the reason."""

LARGE: dict[str, tuple[int, str]] = {
    "events.log.Log": (15, "keys and scripts of one log"),
    "events.projection.Projection": (18, SHELL),
    "services.cli.supervisor.Supervisor": (11, SHELL),
    "services.ingest.draft.Draft": (15, "everything that one batch changes"),
    "services.ingest.writer.Writer": (22, SHELL),
    "services.notify.sender.Sender": (15, SHELL),
    "services.notify.store.Outbox": (12, "keys and scripts of one outbox"),
}
"""Classes with more than MOST_FIELDS: their fields, and the reason."""

TWO_FOLDS = "each service folds the tasks of its own view"
TWO_DOMAINS = "the same word of two domains that never meet in a module"
RENAME = "to be renamed"

SHARED: dict[str, tuple[set[str], str]] = {
    "Channel": ({"events.ledger", "services.contract.asyncapi"}, TWO_DOMAINS),
    "Desk": ({"services.cli.commands.token", "services.notify.app", "services.status.app"}, RENAME),
    "Difference": ({"events.shape", "services.schedule.difference"}, TWO_DOMAINS),
    "Entry": ({"events.entries", "services.schedule.entry"}, TWO_DOMAINS),
    "Finding": ({"services.cli.checks.finding", "services.contract.published"}, TWO_DOMAINS),
    "Imported": ({"services.cli", "services.ingest.documents"}, RENAME),
    "Known": ({"events.entries", "services.cli.progress_file", "services.contract.openapi"}, RENAME),
    "Line": ({"services.cli.event_file", "services.schedule.entry", "services.schedule.plan"}, RENAME),
    "Origin": ({"services.common.networks", "services.schedule.span"}, TWO_DOMAINS),
    "Page": ({"services.notify.app", "services.status.views"}, TWO_DOMAINS),
    "Query": ({"services.notify.store", "services.status.views"}, TWO_DOMAINS),
    "Reading": ({"services.common.jump", "services.schedule.units"}, TWO_DOMAINS),
    "Refusal": ({"services.ingest.core", "services.schedule.table"}, TWO_DOMAINS),
    "Refused": ({"events.entries", "services.cli.progress_file"}, RENAME),
    "Source": ({"events.ledger", "services.cli.event_file"}, TWO_DOMAINS),
    "Task": ({"services.ingest.task", "services.notify.core", "services.status.row"}, TWO_FOLDS),
}
"""Class names that several modules use: the modules, and the reason."""


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
    """Each name is defined once; an exemption that has shrunk or gone is to be removed in SHARED."""
    found = {name: set(places) for name, places in class_modules(trees).items() if len(places) > 1}
    assert found == {name: places for name, (places, _) in SHARED.items()}
