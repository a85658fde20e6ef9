"""A version of the language before it is published."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from events.upcast import Language, Upcaster


@contextmanager
def rehearsing(language: Language, types: Mapping[str, type], upcasters: Mapping[str, Upcaster]) -> Iterator[None]:
    """Add types and upcasters to the language until the block ends."""
    before, upcasters_before = dict(language.types), language._upcasters
    language._speak({**before, **types}, {**upcasters_before, **upcasters})
    try:
        yield
    finally:
        language._speak(before, upcasters_before)
