"""What people read of a loss: which events, of when, and what to do."""

from datetime import UTC, datetime

import pytest

from services.common.loss import Loss

APRIL, MAY = datetime(2018, 4, 1, tzinfo=UTC), datetime(2018, 5, 1, tzinfo=UTC)

UNTIL = "up to 2018-05-01T00:00:00+00:00"

MISSING = (
    f"positions 135 to 500 (recorded after 2018-04-01T00:00:00+00:00 and {UNTIL}) are missing: the log ends at 134"
)


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (Loss(134, 500, 135, 500, APRIL, MAY, "a"), f"of 500 acknowledged events {MISSING}"),
        (
            Loss(0, 1, 1, 1, None, MAY, "a"),
            f"of 1 acknowledged event position 1 (recorded {UNTIL}) is missing: the log ends at 0",
        ),
        (
            Loss(500, 500, 257, 384, None, None, "a"),
            "of 500 acknowledged events positions 257 to 384 are not all as they were",
        ),
        (Loss(9, 8, 8, 8, None, None, "a"), "of 8 acknowledged events position 8 is not as it was"),
    ],
)
def test_a_loss_names_positions_and_instants(loss: Loss, text: str) -> None:
    """And the command that accepts it, with where the log ends."""
    assert loss.lost == text
    assert f"`duban doctor --accept-loss {loss.tail}`" in str(loss)
