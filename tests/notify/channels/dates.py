"""The instants of the tests of channels."""

from datetime import UTC, datetime

NOW = datetime(2018, 4, 2, 0, 30, tzinfo=UTC)
"""The ledger's."""

REAL = 1_700_000_000.0
"""The real one, in Unix seconds."""
