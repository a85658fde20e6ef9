"""What the sittings have come to so far, kept in a file: a sitting resumes after the last seed that was counted."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from services.cli.files import SHARED_MODE, replace


class Sitting(Struct):
    """Some seeds in a row, all of one way to run them; `wrong` are findings, each with its seed."""

    way: str
    server: str
    revision: str
    first: int
    last: int
    seconds: float
    points: dict[str, int]
    wrong: list[str]
    acknowledged: int = 0

    def add(self, seed: int, points: dict[str, int], wrong: list[str], acknowledged: int, seconds: float) -> None:
        """Add what one more seed came to."""
        self.last = seed
        self.seconds += seconds
        self.acknowledged += acknowledged
        self.points = dict(Counter(self.points) + Counter(points))
        self.wrong += [f"seed {seed}: {one}" for one in wrong]


class State(Struct):
    """All sittings, oldest first."""

    sittings: list[Sitting] = msgspec.field(default_factory=list)

    def with_sitting(self, sitting: Sitting) -> "State":
        """Have a sitting as the last one, once however often it is told, and return all."""
        if not self.sittings or self.sittings[-1] is not sitting:
            self.sittings.append(sitting)
        return self

    def next_seed(self, way: str) -> int:
        """Return the seed that follows the last one of a way."""
        return max((one.last for one in self.sittings if one.way == way), default=0) + 1

    def count(self, way: str) -> int:
        """Return how many points have fired in a way."""
        return sum(sum(one.points.values()) for one in self.sittings if one.way == way)

    def points(self, way: str) -> Counter[str]:
        """Return how often each point has fired, by its name."""
        total: Counter[str] = Counter()
        for one in self.sittings:
            if one.way == way:
                total.update(one.points)
        return total


def load(path: Path) -> State:
    """Return what a file holds, nothing where it is missing or empty."""
    if not path.exists() or not path.stat().st_size:
        return State()
    return msgspec.json.decode(path.read_bytes(), type=State)


def save(path: Path, state: State) -> None:
    """Write it in one step: a sitting that is stopped loses the seed that was running."""
    content = msgspec.json.format(msgspec.json.encode(state), indent=1)
    replace(path, [content, b"\n"], "the state of earlier sittings", _is_state, SHARED_MODE)


def named(points: Iterable[tuple[tuple[str, str, str], int]]) -> dict[str, int]:
    """Return points by one name each: component, command, kind."""
    return {" ".join(filter(None, where)): count for where, count in sorted(points)}


def _is_state(content: bytes) -> bool:
    try:
        msgspec.json.decode(content, type=State)
    except msgspec.MsgspecError:
        return False
    return True
