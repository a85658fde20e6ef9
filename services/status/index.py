"""Tasks indexed by every order and filter of a list, so that a query touches little more than its page. Pure.

A task has a number. A filter value has the numbers of its tasks as the bits of one integer: of 100,000 tasks these are
12.5 kB, and an intersection takes microseconds. An order is a sorted list of (key, task, number); the numbers alone,
for a page whose tasks lie far apart in it, are an array that is made when one is asked for.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter, itemgetter
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sortedcontainers import SortedList

from services.status.listed import Listed
from services.status.order import KEYS, NEVER, Place, descends, name_of_order, place_of
from services.status.texts import Texts
from services.status.views import L, Selected, TaskQuery, page_of, rest_of

FEW = 1_000
"""Matching tasks that are sorted for a page (about 1 ms); with more, the order is walked until the page is full."""

NEAR = 5_000
"""Entries of an order that are walked one by one for a page (about 1 ms), before its array is made and used.

Where it is made already, a tenth of them.
"""

Mark: TypeAlias = tuple[str, str]
"""A filter and one of its values."""

Numbers: TypeAlias = NDArray[np.uint32]

Wanted: TypeAlias = NDArray[np.bool_]
"""Whether each number's task is wanted."""

_KEY = itemgetter(0)

_NUMBER = itemgetter(2)
"""Of an entry in an order; what runs once for each task runs in C."""

_TASK = attrgetter("task")


class Index(Mapping[str, L]):
    """The tasks of one ledger by their ids; `select` answers as `views.select` does with the same tasks."""

    def __init__(self, listed: Iterable[L] = (), few: int = FEW, near: int = NEAR) -> None:
        rows = sorted(listed, key=_TASK)
        self._few, self._near = few, near
        self._listed: list[L | None] = [*rows]
        self._texts = Texts(self._listed)
        self._numbers = {row.task: number for number, row in enumerate(rows)}
        self._present = (1 << len(rows)) - 1
        self._orders: dict[str, SortedList[Any]] = {name: _order(rows, key) for name, key in KEYS.items()}
        self._arrays: dict[str, Numbers] = {}
        self._marked: dict[Mark, int] = _marked(rows)
        for name in self._orders:
            self._array(name)  # no first reader waits for it

    def __getitem__(self, task: str) -> L:
        return self._row(self._numbers[task])

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def put(self, row: L) -> None:
        """Add a task, or replace its earlier state."""
        number = self._numbers.get(row.task)
        if number is None:
            number = self._numbers[row.task] = len(self._listed)
            self._listed.append(None)
            self._present |= 1 << number
        before = self._listed[number]
        self._change(number, row.task, before, row)
        self._listed[number] = row
        if before is None or before.title != row.title:
            self._texts.changed(number)

    def remove(self, task: str) -> None:
        """Remove a task that the log no longer has."""
        number = self._numbers.pop(task)
        self._change(number, task, self._listed[number], None)
        self._listed[number] = None
        self._texts.changed(number)
        self._present ^= 1 << number

    def replace(self, rows: Mapping[str, L]) -> None:
        """Change the index to other tasks, most of which are those that it has."""
        for task in self._numbers.keys() - rows.keys():
            self.remove(task)
        for task, row in rows.items():
            number = self._numbers.get(task)
            if number is None or (self._listed[number] is not row and self._listed[number] != row):
                self.put(row)

    def select(self, query: TaskQuery) -> Selected[L]:
        """Return the page of tasks that a query asks for; raises BadCursorError."""
        reached = place_of(query.cursor, query.sort) if query.cursor is not None else None
        wanted = self._wanted(query)
        total = int(np.count_nonzero(wanted))
        if total <= self._few:
            rest = rest_of([self._row(number) for number in np.flatnonzero(wanted).tolist()], query.sort, reached)
        else:
            rest = [self._row(number) for number in islice(self._walk(query, reached, wanted), query.limit + 1)]
        return page_of(rest, query, total)

    def _row(self, number: int) -> L:
        row = self._listed[number]
        assert row is not None, "a number without a task matches nothing"
        return row

    def _change(self, number: int, task: str, before: L | None, after: L | None) -> None:
        """Change orders and filters from one state of a task to another; None is a task that is not there."""
        for name, key in KEYS.items():
            old = key(before) if before is not None else None
            new = key(after) if after is not None else None
            if old != new:
                self._arrays.pop(name, None)
                if before is not None:
                    self._orders[name].remove((old, task, number))
                if after is not None:
                    self._orders[name].add((new, task, number))
        were, are = _marks(before), _marks(after)
        for mark in were ^ are:
            self._marked[mark] = self._marked.get(mark, 0) ^ (1 << number)
            if not self._marked[mark]:
                del self._marked[mark]

    def _wanted(self, query: TaskQuery) -> Wanted:
        """Return whether each number's task is one that the query asks for."""
        wanted = self._filtered(query)
        if query.due_after is not None or query.due_before is not None:
            wanted &= self._between(query.due_after, query.due_before)
        if query.q is not None:
            wanted &= self._texts.found(query.q)
        return wanted

    def _filtered(self, query: TaskQuery) -> Wanted:
        """Return whether the filters by value want the task of each number."""
        bits = self._present
        for name in ("unit", "lead", "light", "state", "section"):
            if (value := getattr(query, name)) is not None:
                bits &= self._marked.get((name, value), 0)
        size = len(self._listed)
        packed = np.frombuffer(bits.to_bytes(size // 8 + 1, "little"), np.uint8)
        return np.unpackbits(packed, count=size, bitorder="little").view(np.bool_)

    def _between(self, after: datetime | None, before: datetime | None) -> Wanted:
        """Return whether the task of each number is due after an instant and before another."""
        order = self._orders["due"]
        start = order.bisect_left((_seconds(after, -math.inf, after=True),))
        stop = order.bisect_left((_seconds(before, NEVER),))
        wanted = np.zeros(len(self._listed), np.bool_)
        if stop - start > self._near:
            wanted[self._array("due")[start:stop]] = True
        else:
            wanted[[*map(_NUMBER, order.islice(start, stop))]] = True
        return wanted

    def _walk(self, query: TaskQuery, reached: Place | None, wanted: Wanted) -> Iterator[int]:
        """Yield the numbers of the tasks that are wanted, in the order asked for, from a place on."""
        name, backwards = name_of_order(query.sort), descends(query.sort)
        order = self._orders[name]
        if reached is None:
            start, stop = 0, len(order)
        elif backwards:
            start, stop = 0, order.bisect_left(reached)
        else:
            start, stop = order.bisect_left((*reached, math.inf)), len(order)
        near = self._near // 10 if name in self._arrays else self._near
        walked = islice(order.islice(start, stop, reverse=backwards), near)
        yield from filter(wanted.tobytes().__getitem__, map(_NUMBER, walked))
        if stop - start > near:
            numbers = self._array(name)[start:stop]
            far = (numbers[::-1] if backwards else numbers)[near:]
            yield from far[np.flatnonzero(wanted[far])[: query.limit + 1]].tolist()

    def _array(self, name: str) -> Numbers:
        """Return the numbers of an order's tasks (about 5 ms for 100,000 after a change of the order)."""
        if name not in self._arrays:
            order = self._orders[name]
            self._arrays[name] = np.fromiter(map(_NUMBER, order), np.uint32, len(order))
        return self._arrays[name]


def _order(rows: Sequence[Listed], key: Callable[[Listed], Any]) -> SortedList[Any]:
    """Return an order of tasks that are numbered by their ids: sorting by the key alone leaves equal ones so."""
    return SortedList(sorted(((key(row), row.task, number) for number, row in enumerate(rows)), key=_KEY))


def _marked(rows: Sequence[Listed]) -> dict[Mark, int]:
    """Return the bits of every mark of tasks, which are numbered in this order; many tasks have the same marks."""
    alike: dict[tuple[Any, ...], list[int]] = {}
    for number, row in enumerate(rows):
        alike.setdefault((*row.unit_names, row.lead, row.light, row.state, row.section), []).append(number)
    numbers: dict[Mark, list[Numbers]] = {}
    for found in alike.values():
        some = np.array(found, np.uint32)
        for mark in _marks(rows[found[0]]):
            numbers.setdefault(mark, []).append(some)
    return {mark: _bits(np.concatenate(parts)) for mark, parts in numbers.items()}


def _bits(numbers: Numbers) -> int:
    flags = np.zeros(int(numbers.max()) + 1, np.bool_)
    flags[numbers] = True
    return int.from_bytes(np.packbits(flags, bitorder="little").tobytes(), "little")


def _marks(row: Listed | None) -> set[Mark]:
    """Return the filters that want a task, each with its value."""
    if row is None:
        return set()
    marks = {("unit", unit) for unit in row.unit_names}
    marks.update((("lead", row.lead), ("light", row.light), ("state", row.state)))
    if row.section is not None:
        marks.add(("section", row.section))
    return marks


def _seconds(instant: datetime | None, unbounded: float, *, after: bool = False) -> float:
    """Return the key of a bound on due instants; of `after` the next larger one, as that bound is excluded."""
    if instant is None:
        return unbounded
    return math.nextafter(instant.timestamp(), math.inf) if after else instant.timestamp()
