"""The log that projections fold in tests, and the rows after each of its events."""

from tests.events.counting import Announced, expected, happening

LEDGER = "zhanjiang"

STORY = [
    happening("t1", 0),
    happening("t2", 0),
    happening("unassigned", 1),
    happening("t1", 1),
    happening("t1", 2),
    happening("t2", 1),
]

AFTER = expected(STORY)

CHANGES = [
    (position, Announced(event.subject, AFTER[position][event.subject], by_event=True))
    for position, event in enumerate(STORY, 1)
    if event.subject != "unassigned"
]
"""What a projection announces of it."""
