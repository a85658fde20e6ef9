"""The halves of the corpus of published documents (corpus/README.md), and what a reading of it can be."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, TypeAlias

Half: TypeAlias = Literal["building", "measuring"]
Verdict: TypeAlias = Literal["right", "fairly refused", "wrongly refused", "wrong"]

HALVES: tuple[Half, ...] = ("building", "measuring")
VERDICTS: tuple[Verdict, ...] = ("right", "fairly refused", "wrongly refused", "wrong")
FAIR: tuple[Verdict, ...] = ("right", "fairly refused")

CORPUS = Path(__file__).with_name("corpus")


def counts(verdicts: Iterable[Verdict]) -> dict[Verdict, int]:
    """Return how many there are of each verdict."""
    found = Counter(verdicts)
    return {verdict: found[verdict] for verdict in VERDICTS}
