"""Tests of each operation of an OpenAPI description, whose cases are made by the worker that runs them."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from schemathesis import BaseSchema, Case
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test

from tests.deployment import Deployment

Check: TypeAlias = Callable[[Deployment, Case[Any]], None]


def each_operation(of: BaseSchema) -> Callable[[Check], Any]:
    """Drive each operation with a test, by the same cases as `parametrize` of Schemathesis.

    That makes them at collection: every worker would make those of all tests, which takes longer than the rest of it.
    """
    operations = {
        operation.label: operation
        for operation in (found.ok() for found in of.get_all_operations())  # type: ignore[union-attr]  # all are valid
    }

    def driven(check: Check) -> Any:
        @pytest.mark.parametrize("label", operations)
        def test(deployment: Deployment, label: str) -> None:
            build_operation_test(
                config=of.config,
                operation=operations[label],
                test_func=check,
                given_kwargs={},
                feedback=FeedbackSources(),
            )(deployment=deployment)

        test.__doc__ = check.__doc__
        return test

    return driven
