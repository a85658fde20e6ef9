"""Why a person should look at how a deadline was read."""

from typing import Literal, TypeAlias

Doubt: TypeAlias = Literal[
    "ambiguous",
    "number-passed-over",
    "condition-passed-over",
    "counted-from-issue",
    "start-unclear",
    "other-time-passed-over",
    "other-interval",
    "about",
    "no-time",
    "next-year",
    "out-of-order",
    "over-when-issued",
]
"""The reading of a deadline leaves a doubt:

- `ambiguous`: it has two readings;
- `number-passed-over`: words that were passed over contain a number;
- `condition-passed-over`: a limit that waits for an event was passed over beside another limit;
- `counted-from-issue`: a period that words about the work precede was counted from the issue of the document;
- `start-unclear`: nothing says from when a period counts; it waits for its start, or another limit is the deadline;
- `other-time-passed-over`: another limit or recurrence was passed over, because a task can have only one;
- `other-interval`: what comes again each week, or every two months, is ongoing: no recurrence has that interval;
- `about`: the words give the time only roughly (6月初, 10月1日前后, 下班前);
- `no-time`: the words state a goal, and no time;
- `next-year`: without a year, and long over when the document was issued late in one, it is read in the next;
- `out-of-order`: dates that the words have in another order are steps in their own;
- `over-when-issued`: the last day was over when the document was issued: its year, or the day of issue, may be another.
"""
