"""A version of the language before it is published."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from events.schema.language import LANGUAGE, UPCASTERS
from events.upcast import Language, Upcaster

_VIEWS = ("_types", "_names", "_decoders", "_converters")

_upcasters = dict(UPCASTERS)
"""Those that are spoken now: rehearsals may stand in each other."""


@contextmanager
def rehearsing(types: Mapping[str, type], upcasters: Mapping[str, Upcaster]) -> Iterator[None]:
    """Add types and upcasters to the language until the block ends."""
    before = dict(LANGUAGE.types), dict(_upcasters)
    _speak({**LANGUAGE.types, **types}, {**_upcasters, **upcasters})
    try:
        yield
    finally:
        _speak(*before)


def _speak(types: Mapping[str, type], upcasters: Mapping[str, Upcaster]) -> None:
    """Give the language, whose views are everywhere, other types and upcasters."""
    other = Language(types, upcasters)
    for view in _VIEWS:
        getattr(LANGUAGE, view).clear()
        getattr(LANGUAGE, view).update(getattr(other, view))
    _upcasters.clear()
    _upcasters.update(upcasters)
