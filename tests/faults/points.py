"""Fault points: what is injected where, chosen by seed, and how often each has fired."""

import random
from collections import Counter
from typing import Any, Literal, TypeAlias, get_args
from weakref import WeakSet

Kind: TypeAlias = Literal["crash-before", "crash-after", "lost-answer", "duplicate", "delay", "cut"]
"""crash-before   the process ends before the command is sent
crash-after    the process ends after the server has executed it, before the answer is read
lost-answer    the server executes it, and the connection breaks instead of an answer
duplicate      the server executes it twice: a client that lost the first answer has sent it again
delay          the command, or its answer, is late
cut            the connection breaks before the command is sent
"""

KINDS: tuple[Kind, ...] = get_args(Kind)

CHANCE = 0.06
"""Of a fault at a command that reads: several in the life of each batch, few enough that work gets done."""

WRITING_CHANCE = 0.15
"""Of a fault at a command that writes: there are fewer of them, and more depends on each."""

RARE_CHANCE = 0.4
"""Of a fault at a command that a run has few of."""

CHANCES = dict.fromkeys(("append.lua", "save.lua", "XADD", "SET"), WRITING_CHANCE) | dict.fromkeys(
    ("keep.lua", "known.lua", "switch.lua", "HINCRBY", "HSET", "UNLINK", "SMEMBERS", "lock: reacquire"), RARE_CHANCE
)

DELAY_SECONDS = 0.02
"""The longest delay: some turns of everybody else."""

Points: TypeAlias = Counter[tuple[str, str, str]]
"""How often faults fired, by (component, command, kind)."""


class Faults:
    """The faults of one run. Each component draws from a sequence of its own, which its seed alone decides.

    `connections` are those that it was injected into, as far as they are still there.
    """

    def __init__(self, seed: int) -> None:
        self.points: Points = Counter()
        self.connections: WeakSet[Any] = WeakSet()
        self.active = True
        self._seed = seed
        self._draws: dict[str, random.Random] = {}

    def draws(self, component: str) -> random.Random:
        """Return a component's sequence, which goes on over its crashes."""
        return self._draws.setdefault(component, random.Random(f"{self._seed}:{component}"))

    def choose(self, component: str, command: str, kinds: tuple[Kind, ...]) -> Kind | None:
        """Return what happens at the next command of a component, mostly nothing."""
        draws = self.draws(component)
        chance, kind = draws.random(), draws.choice(kinds)
        return kind if self.active and chance < CHANCES.get(command, CHANCE) else None

    def fired(self, component: str, command: str, kind: Kind) -> None:
        self.points[component, command, kind] += 1
