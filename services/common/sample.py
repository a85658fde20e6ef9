"""A figure of a ledger that a service measures. Pure."""

from collections.abc import Mapping
from typing import NamedTuple


class Sample(NamedTuple):
    """One figure at the time it is asked for; `counts` where it only grows, from 0 at the start of the process."""

    name: str
    help: str
    value: float
    labels: Mapping[str, str] = {}
    counts: bool = False
