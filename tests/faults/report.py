"""docs/faults.md: the totals of all sittings, added up from the state file."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from services.cli.files import SHARED_MODE, replace
from tests.faults.state import Sitting, State

TITLE = "# Faults that were injected, and what they found"

HEAD = f"""{TITLE}

`make faults` writes this page from the state file next to it. Each run of it, a *sitting*, adds to the totals. A
*point* is one fault that was injected and took effect. A run in which one of the following does not hold is a
*finding*: every acknowledged event is in the log once, at its position, byte for byte; the events of each source
keep their order; positions are dense; each inbox entry has one receipt, with its event; each due instant passed
once; rows equal a fresh fold; feed clients equal the snapshot; each alert was received and is recorded as sent;
`duban audit verify` finds nothing. Once the cause of a finding is mended, its seed is run again.

**simulation**: the real writer, inbox readers, projections and sender in one process, connected as in
`tests/faults/components.py`, on a real server with `appendfsync always`, with four publishers and two feed clients.
The seed chooses the commands at which faults are injected. A seed fixes the choices of each component, not how
components interleave. Pauses that are longer than a run are shortened, and a plain reader replaces the broker's. A
duplicate is a command that the server executes twice, as for a client that lost the first answer. No process ends:
a crash abandons all tasks of a component, and its connections send nothing afterwards.
"""

REAL = """**processes**: `duban up` unchanged, with its supervisor, server and services, while four publishers
and two feed clients run. A seed chooses the faults and the pauses between them. A torn tail is the
beginning of one more write at the end of a killed server's append-only file, as a power cut leaves
an unacknowledged write. Acknowledged bytes are never cut off, because `appendfsync always` has them
on disk. A full disk is a limit on the size of the server's files; the server ends as it does at
ENOSPC.

**containers**: the image and deploy/compose.yaml unchanged, with faults injected from the host. The engine restarts
what ends. There is no supervisor, and a file cannot be torn before its server restarts.
"""

WAYS = ("simulation", "processes", "containers")


def write(path: Path, state: State) -> None:
    """Write the page, over an earlier one only."""
    text = "\n".join(_page(state)) + "\n"
    replace(
        path, [text.encode()], "an earlier page of totals", lambda found: found.startswith(TITLE.encode()), SHARED_MODE
    )


def _page(state: State) -> Iterator[str]:
    yield HEAD
    yield REAL
    yield "## Totals\n"
    yield "| way | seeds | points | acknowledged events | seconds | findings |"
    yield "|---|---|---:|---:|---:|---:|"
    for way in WAYS:
        done = [one for one in state.sittings if one.way == way]
        if not done:
            yield f"| {way} | none yet | 0 | 0 | 0 | 0 |"
            continue
        events, seconds = sum(one.acknowledged for one in done), sum(one.seconds for one in done)
        wrong = sum(len(one.wrong) for one in done)
        yield f"| {way} | {_seeds(done)} | {state.count(way):,} | {events:,} | {seconds:,.0f} | {wrong} |"
    for way in WAYS:
        if points := state.points(way):
            yield f"\n## Points of the {way}, by component and kind\n"
            yield from _table(points)
            if way == "simulation":
                yield f"\n## Points of the {way}, by command\n"
                yield from _commands(points)
    yield "\n## Findings\n"
    found = [f"- {one.way}, {' '.join(wrong.split())}" for one in state.sittings for wrong in one.wrong]
    yield from found or ["None."]
    yield "\n## Sittings\n"
    yield "| way | server | revision | seeds | points | findings |"
    yield "|---|---|---|---|---:|---:|"
    for one in state.sittings:
        count = sum(one.points.values())
        yield f"| {one.way} | {one.server} | {one.revision} | {one.first}–{one.last} | {count:,} | {len(one.wrong)} |"


def _seeds(sittings: Iterable[Sitting]) -> str:
    """Return ranges of seeds, those that follow each other as one."""
    ranges: list[list[int]] = []
    for first, last in sorted((one.first, one.last) for one in sittings):
        if ranges and first <= ranges[-1][1] + 1:
            ranges[-1][1] = max(last, ranges[-1][1])
        else:
            ranges.append([first, last])
    return ", ".join(f"{first}–{last}" for first, last in ranges)


def _table(points: Counter[str]) -> Iterator[str]:
    cells: Counter[tuple[str, str]] = Counter()
    for name, count in points.items():
        component, *_, kind = name.split(" ")
        cells[component, kind] += count
    kinds = sorted({kind for _, kind in cells})
    yield f"| component | {' | '.join(kinds)} | all |"
    yield "|---|" + "---:|" * (len(kinds) + 1)
    for component in sorted({component for component, _ in cells}):
        row = [cells[component, kind] for kind in kinds]
        yield f"| {component} | {' | '.join(f'{count:,}' for count in row)} | {sum(row):,} |"


def _commands(points: Counter[str]) -> Iterator[str]:
    by_component: dict[str, Counter[str]] = {}
    for name, count in points.items():
        component, *command, _ = name.split(" ")
        by_component.setdefault(component, Counter())[" ".join(command)] += count
    for component, commands in sorted(by_component.items()):
        yield f"- {component}: " + ", ".join(f"{name} {count:,}" for name, count in commands.most_common())
