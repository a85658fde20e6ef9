"""Splitting a letter into messages that a channel accepts. Pure.

Messages are cut between items. An item that alone is larger than a message is shortened: each of its lines to the same
length, with … where something is missing, and its link says where to read it. The items that are urgent come first.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from services.notify.channels.content import Content, content_of, cut, tidied
from services.notify.channels.part import Part
from services.notify.letter import Item, Letter

PARTS_MOST = 6
"""Messages of one letter where the rest can be read elsewhere: more would fill a robot's minute."""

SHORTEST = 12
"""Characters of a line that are kept before lines are left out."""

MOST_NUMBER = 999
"""The highest number of a message for which room is kept."""

Render: TypeAlias = Callable[[Content], bytes]


def split(letter: Letter, limit: int, render: Render, size: Callable[[Content], int] | None = None) -> list[Part]:
    """Return the messages of a letter, as `render` encodes them, each of at most `limit` bytes.

    `size` is a bound of the bytes that `render` returns, where that is quicker to know than by rendering.
    Where more than PARTS_MOST are needed and the letter says where the rest can be read, the last says how many items
    are left. A letter without items is one message.
    """
    items = sorted(map(tidied, letter.items), key=lambda item: not item.urgent)
    total = len(items)

    def pack(rest: int) -> list[list[Item]]:
        def fits(some: Sequence[Item]) -> bool:
            page = content_of(letter, some, MOST_NUMBER, MOST_NUMBER, rest)
            return (size(page) if size is not None else len(render(page))) <= limit

        return _packed([_cut(item, limit) for item in items], fits)

    groups = pack(0)
    if len(groups) > PARTS_MOST and content_of(letter, (), 1, 1, 0).more:
        groups = pack(total)[:PARTS_MOST]
    rest = total - sum(map(len, groups))
    of = len(groups)
    pages = [
        content_of(letter, group, number, of, rest if number == of else 0) for number, group in enumerate(groups, 1)
    ]
    return [Part(page.id, number, of, render(page), len(page.items)) for number, page in enumerate(pages, 1)]


def _packed(items: Sequence[Item], fits: Callable[[Sequence[Item]], bool]) -> list[list[Item]]:
    """Return the items in as few messages as fit in order, those shortened that do not fit alone."""
    groups: list[list[Item]] = []
    at = 0
    while at < len(items):
        count = _fitting(items[at:], fits)
        groups.append(list(items[at : at + count]) if count else [shortened(items[at], lambda one: fits([one]))])
        at += max(1, count)
    return groups or [[]]


def _fitting(items: Sequence[Item], fits: Callable[[Sequence[Item]], bool]) -> int:
    """Return how many of the first items fit in one message, looking at about twice as many at most."""
    reach = 1
    while reach < len(items) and fits(items[:reach]):
        reach *= 2
    return _most(min(reach, len(items)), lambda count: fits(items[:count]))


def shortened(item: Item, fits: Callable[[Item], bool]) -> Item:
    """Return an item with its lines cut to the longest length that fits; then with fewer lines, then with no link."""
    longest = max(map(len, (item.title, *item.lines)))
    length = _most(longest, lambda most: fits(_cut(item, most)), least=SHORTEST)
    if length:
        return _cut(item, length)
    short = _cut(item, SHORTEST)
    kept = _most(len(short.lines), lambda count: fits(_first(short, count)))
    fewer = _first(short, kept)
    return fewer if fits(fewer) else replace(fewer, link="", ack="")


def _cut(item: Item, most: int) -> Item:
    return replace(item, title=cut(item.title, most), lines=tuple(cut(line, most) for line in item.lines))


def _first(item: Item, count: int) -> Item:
    """Return an item with its first lines, and … for the others."""
    return replace(item, lines=(*item.lines[:count], "…"))


def _most(most: int, holds: Callable[[int], bool], least: int = 1) -> int:
    """Return the greatest number from `least` to `most` for which `holds`, as it does for all below; 0 for none."""
    low, high = least - 1, most
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low if low >= least else 0
