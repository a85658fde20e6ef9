"""`make faults`: inject faults by seed until so many have fired, and add what came of it to docs/faults.md.

A sitting resumes after the last seed that the state file has, so that 10,000 points may take several. A run whose
invariants do not hold is a finding: it is printed with its seed, kept, and makes the exit code 1.
"""

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from services.common.clock import monotonic
from tests.faults import report, state
from tests.faults.real.containers import Containers
from tests.faults.real.rounds import ROUND, play
from tests.faults.real.site import Site
from tests.faults.simulation import simulate
from tests.faults.state import Sitting, State
from tests.notify.endpoint import Endpoint
from tests.servers import make_server

STATE = Path("docs/faults.json")

POINTS = 1_000
"""Simulated, where a sitting does not say how many: about half a minute."""


def main() -> int:
    """Run one sitting and return the exit code."""
    parser = argparse.ArgumentParser(prog="make faults", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("--points", type=int, default=POINTS, help=f"points to simulate (default {POINTS:,})")
    parser.add_argument("--seed", type=int, help="the first seed; else the one that follows the last sitting's")
    parser.add_argument("--resume", type=Path, default=STATE, help=f"the state file (default {STATE})")
    parser.add_argument("--real", type=int, default=0, help="points on real processes, of `duban up` (default 0)")
    parser.add_argument("--containers", type=int, default=0, help="points on containers, as root (default 0)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is started here is stopped before we end
    words = parser.parse_args()
    if min(words.points, words.real, words.containers) < 0:
        parser.error("--points, --real and --containers are not negative")
    words.resume.parent.mkdir(parents=True, exist_ok=True)
    found = state.load(words.resume)
    wrong = asyncio.run(_simulation(found, words.resume, words.points, words.seed)) if words.points else 0
    for way, points in (("processes", words.real), ("containers", words.containers)):
        wrong += asyncio.run(_processes(way, found, words.resume, points, words.seed)) if points else 0
    report.write(words.resume.with_suffix(".md"), found)
    for way in report.WAYS:
        sys.stdout.write(f"{way}: {found.count(way):,} points in all\n")
    return 1 if wrong else 0


async def _simulation(found: State, path: Path, points: int, first: int | None) -> int:
    """Simulate until so many points have fired; return the number of findings."""
    os.environ.setdefault("DUBAN_TEST_SERVER", "embedded")
    seed = first if first is not None else found.next_seed("simulation")
    sitting = Sitting("simulation", os.environ["DUBAN_TEST_SERVER"], revision(), seed, seed, 0, {}, [])
    with tempfile.TemporaryDirectory() as directory:
        server = make_server(Path(directory))
        await asyncio.to_thread(server.start)
        try:
            async with Endpoint().listening() as endpoint:
                while sum(sitting.points.values()) < points:
                    began = monotonic()
                    run = await simulate(server.url, endpoint, seed)
                    sitting.add(seed, state.named(run.points.items()), run.wrong, run.acknowledged, monotonic() - began)
                    tell("simulation", seed, sum(run.points.values()), run.wrong)
                    state.save(path, found.with_sitting(sitting))
                    seed += 1
        finally:
            await asyncio.to_thread(server.close)
    return len(sitting.wrong)


async def _processes(way: str, found: State, path: Path, points: int, first: int | None) -> int:
    """Play rounds on real processes until so many points have fired; return the number of findings."""
    seed = first if first is not None else found.next_seed(way)
    server = "container" if way == "containers" else "embedded"
    sitting = Sitting(way, server, revision(), seed, seed, 0, {}, [])
    while (left := points - sum(sitting.points.values())) > 0:
        began = monotonic()
        with tempfile.TemporaryDirectory() as directory:
            site = Containers() if way == "containers" else Site(Path(directory) / "data")
            played = await play(site, seed, min(left, ROUND))
        sitting.add(seed, state.named(played.points.items()), played.wrong, played.acknowledged, monotonic() - began)
        tell(way, seed, sum(played.points.values()), played.wrong)
        state.save(path, found.with_sitting(sitting))
        seed += 1
    return len(sitting.wrong)


def tell(way: str, seed: int, points: int, wrong: list[str]) -> None:
    """Print what a seed came to."""
    held = f"{len(wrong)} FINDINGS" if wrong else "all holds"
    sys.stdout.writelines([f"{way}, seed {seed}: {points} points, {held}\n", *(f"  {one}\n" for one in wrong)])
    sys.stdout.flush()


def revision() -> str:
    """Return the commit that is tested, with + where the tree differs from it."""
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--exclude=*"], capture_output=True, text=True, check=False
    )
    return told.stdout.strip() or "unknown"


if __name__ == "__main__":
    sys.exit(main())
