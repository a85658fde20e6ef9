"""Two instances of one projection through anything that can happen to them, beside a plain fold of the same events."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from events.entries import Stored
from events.envelope import Event
from events.log import Log
from events.projection import Projection, SupersededError
from tests.events.appending import append
from tests.events.counting import Count, announced, entries, expected, fade, happening, loaded, rules
from tests.events.driver import Driver

LEDGER = "zhanjiang"

TASKS = ["t1", "t2", "t3", "unassigned"]

Pick: TypeAlias = Callable[[list[Stored], int], list[Stored]]

MESSAGES: dict[str, Pick] = {
    "none": lambda log, at: log[at:at],
    "the next ones": lambda log, at: log[at:],
    "the next one": lambda log, at: log[at : at + 1],
    "all": lambda log, at: log[:at] + log[at:],
    "old ones": lambda log, at: log[:at],
    "doubles": lambda log, at: [entry for entry in log[at:] for _ in range(2)],
    "backwards": lambda log, at: log[at:][::-1],
    "a gap": lambda log, at: log[at + 1 :],
    "a gap further on": lambda log, at: log[at : at + 1] + log[at + 2 :],
}
"""What a message may bring to an instance that stands at a position of the log."""

instances = st.integers(0, 1)
messages = st.sampled_from(list(MESSAGES))


class ProjectionMachine(RuleBasedStateMachine):
    """The instances, the log they fold, and the clock that puts out lights."""

    driver: Driver
    coalesced: bool

    def __init__(self) -> None:
        super().__init__()
        self.driver.empty()
        self.redis = self.driver.redis
        self.log = Log(self.redis, LEDGER)
        self.events: list[Event] = []
        self.now = 0
        self.version = 1
        self.instances: list[Projection[Count]] = []

    def new(self) -> Coroutine[Any, Any, Projection[Count]]:
        """Start an instance of the newest rules."""
        return loaded(self.redis, self.log, rules(str(self.version), coalesced=self.coalesced))

    @initialize()
    def start(self) -> None:
        self.instances = [self.driver(self.new()), self.driver(self.new())]

    @rule(tasks=st.lists(st.sampled_from(TASKS), min_size=1, max_size=5))
    def append(self, tasks: list[str]) -> None:
        """Things happen."""
        self.driver(self._append(tasks))

    @rule(number=instances, message=messages)
    def catch_up(self, number: int, message: str) -> None:
        """A message wakes an instance, whatever it brings."""
        self.driver(self._catch_up(number, message))

    @rule(number=instances, count=st.integers(1, 5))
    def advance(self, number: int, count: int) -> None:
        """An instance folds on in memory and does not come to save."""
        self.driver(self._advance(number, count))

    @rule(number=instances)
    def save(self, number: int) -> None:
        """An instance saves what it has."""
        self.driver(self._with(number, Projection.save))

    @rule(number=instances)
    def crash(self, number: int) -> None:
        """An instance is gone with all it had not saved; another takes its place."""
        self.instances[number] = self.driver(self.new())

    @rule(number=instances, ticks=st.integers(0, 4))
    def update(self, number: int, ticks: int) -> None:
        """Time goes by, and an instance looks at its lights."""
        self.now += ticks
        self.driver(self._update(number))

    @rule(number=instances)
    def rebuild(self, number: int) -> None:
        """An instance folds everything anew: only lights that time put out can differ, and nobody is told."""
        feed = self.driver(self.redis.xlen(self.instances[number].feed))
        for before, after in self.driver(self._rebuild(number)).values():
            assert before is not None
            assert after == fade(before, 0)
        assert self.driver(self.redis.xlen(self.instances[number].feed)) == feed

    @rule(number=instances)
    def upgrade(self, number: int) -> None:
        """An instance is replaced by one with newer rules; the other one goes on with the older until it notices."""
        feed = self.driver(self.redis.xlen(self.instances[number].feed))
        self.version += 1
        self.instances[number] = self.driver(self.new())
        assert self.driver(self.redis.xlen(self.instances[number].feed)) == feed

    @rule(
        steps=st.lists(
            st.tuples(instances, st.sampled_from(["catch up", "update", "rebuild"])), min_size=2, max_size=5
        ),
        tasks=st.lists(st.sampled_from(TASKS), max_size=3),
        ticks=st.integers(0, 4),
    )
    def at_once(self, steps: list[tuple[int, str]], tasks: list[str], ticks: int) -> None:
        """Several of these happen at the same time."""
        self.now += ticks
        work = {"catch up": self._catch_up, "update": self._update, "rebuild": self._rebuild_beside_others}
        self.driver(self._gather(self._append(tasks), *(work[step](number) for number, step in steps)))

    @invariant()
    def knows_a_prefix(self) -> None:
        """At any time an instance's rows, saved or not, are those of some prefix of the log, but for lights."""
        states = expected(self.events)
        for instance in self.instances:
            assert lit(instance.rows) == states[instance.position]
            assert instance.saved <= instance.position

    @invariant()
    def saves_a_prefix(self) -> None:
        """At any time the saved rows are those of the saved position, and feed and histories end there."""
        saved = Projection(self.redis, self.log, rules())
        self.driver(saved.read_saved())
        states = expected(self.events)
        assert lit(saved.rows) == states[saved.position]
        for task in TASKS:
            positions = [
                position
                for position, event in enumerate(self.events[: saved.position], 1)
                if event.subject == task and task in states[position]
            ]
            assert self.driver(saved.history(task)) == positions
        feed = self.driver(announced(self.redis, saved))
        told = [(position, change.task) for position, change in feed if change.by_event]
        changes = [
            (position, event.subject)
            for position, event in enumerate(self.events[: saved.position], 1)
            if event.subject in states[position]
        ]
        if self.coalesced:
            assert sorted(set(told)) == told
            assert set(told) <= set(changes)
            assert dict(sorted((task, position) for position, task in told)) == dict(
                sorted((task, position) for position, task in changes)
            )
        else:
            assert told == changes
        for position, change in feed:
            assert change.row == fade(states[position][change.task], 0 if change.row.light == "on" else 10**9)

    def teardown(self) -> None:
        """In the end, woken without a message, instances and server hold the rows of the log at this instant."""
        if not self.instances:
            return
        for number in (0, 1, 0, 1):  # who lags behind at the first look has to look again
            self.driver(self._catch_up(number))
            self.driver(self._update(number))
        states = expected(self.events)
        rows = {name: fade(row, self.now) for name, row in states[-1].items()}
        newest = [instance for instance in self.instances if instance.rules.version == str(self.version)]
        for instance in newest:
            assert instance.position == instance.saved == len(self.events)
            assert instance.rows == rows
        saved = self.driver(self.new())
        assert (saved.rows, saved.position) == (rows, len(self.events))

    async def _append(self, tasks: list[str]) -> None:
        numbers = {task: sum(event.subject == task for event in self.events) for task in TASKS}
        tail = len(self.events)
        for task in tasks:
            self.events.append(happening(task, numbers[task]))
            numbers[task] += 1
        await append(self.log, tail, entries(self.events[tail:]))

    async def _with(self, number: int, work: Callable[[Projection[Count]], Coroutine[Any, Any, object]]) -> None:
        """Let an instance work; one that finds newer rules at work is replaced, as a deployment would."""
        try:
            await work(self.instances[number])
        except SupersededError:
            self.instances[number] = await self.new()

    async def _catch_up(self, number: int, message: str = "none") -> None:
        instance = self.instances[number]
        entries = MESSAGES[message](await self.log.read(0), instance.position)
        await self._with(number, lambda instance: instance.catch_up(entries))

    async def _advance(self, number: int, count: int) -> None:
        instance = self.instances[number]
        instance.advance([found async for batch in self.log.scan(instance.position) for found in batch][:count])

    async def _update(self, number: int) -> None:
        rows = self.instances[number].rows
        faded = {name: fade(row, self.now) for name, row in rows.items()}
        changed = {name: row for name, row in faded.items() if row != rows[name]}
        await self._with(number, lambda instance: instance.update(changed))

    async def _rebuild(self, number: int) -> dict[str, tuple[Count | None, Count | None]]:
        return await self.instances[number].rebuild()

    async def _rebuild_beside_others(self, number: int) -> None:
        await self._with(number, lambda instance: instance.rebuild())

    async def _gather(self, *work: Coroutine[Any, Any, object]) -> None:
        await asyncio.gather(*work)


def lit(rows: dict[str, Count]) -> dict[str, Count]:
    """Return rows with all lights on: as events alone leave them."""
    return {name: fade(row, 0) for name, row in rows.items()}


@pytest.mark.parametrize("coalesced", [False, True], ids=["every change", "last changes"])
def test_instances_hold_what_the_log_says(driver: Driver, coalesced: bool) -> None:  # noqa: FBT001 - pytest names it
    """Whatever happens to two instances, rows and histories are a fold of the log, and no change is told twice."""

    class Machine(ProjectionMachine):
        pass

    Machine.driver = driver
    Machine.coalesced = coalesced
    run_state_machine_as_test(Machine, settings=settings(max_examples=60, stateful_step_count=25, deadline=None))
