"""Names and ids as they are compared, whatever spelling a stored event has them in."""

import unicodedata

import pytest
from msgspec.structs import replace

from events.envelope import InvalidEvent, encode, parse, read
from events.names import folded
from events.schema import ProgressReported, TaskReassigned, TaskUrged, Unit
from events.text import hidden, name_of, quoted, shown
from tests.examples import EXAMPLES, RECORDED, assigned, reported, seal

DECOMPOSED = unicodedata.normalize("NFD", "Café")


@pytest.mark.parametrize("event", EXAMPLES.values(), ids=EXAMPLES)
def test_what_is_folded_already_is_the_same_object(event: object) -> None:
    """Nothing is copied where nothing is to be folded."""
    assert folded(event.data) is event.data  # type: ignore[attr-defined]


def test_units_that_become_one_by_their_spelling_are_one_in_the_log() -> None:
    """An old log may name a unit in two spellings: it is read as one, which leads if either did."""
    names = ("Café", f"{DECOMPOSED} ", "市民政局")
    event = assigned()
    raw = encode(replace(event, data=TaskReassigned("市民政局", (*map(Unit, names[:2]), Unit(names[2], "lead")), "…")))
    data = read(seal(raw, RECORDED, "office")).data
    assert data == TaskReassigned("市民政局", (Unit("Café"), Unit("市民政局", "lead")), "…")
    leading = encode(replace(event, data=TaskReassigned(names[1], (Unit(names[0]), Unit(names[1], "lead")), "…")))
    data = read(seal(leading, RECORDED, "office")).data
    assert data == TaskReassigned("Café", (Unit("Café", "lead"),), "…")
    for twice in (raw, leading):
        with pytest.raises(InvalidEvent, match="named twice in units") as refused:
            parse(twice)
        assert refused.value.code == "invalid-data"


def test_hidden_characters_of_an_old_log_are_read_as_they_are() -> None:
    """What is refused today is not lost where it was recorded: the name stays, hidden character and all."""
    raw = encode(replace(reported(), data=ProgressReported("市民政局\u200b", "…")))
    assert read(seal(raw, RECORDED, "units")).data == ProgressReported("市民政局\u200b", "…")
    urged = encode(replace(reported(), data=TaskUrged((" 市民政局", "市民政局"), "…")))
    assert read(seal(urged, RECORDED, "office")).data == TaskUrged(("市民政局",), "…")


def test_the_attributes_are_in_nfc() -> None:
    """Id and subject are compared in NFC, whether submitted or stored; a task's id without white space around it."""
    raw = encode(replace(reported(f" {DECOMPOSED} "), id=f" {DECOMPOSED}"))
    for event in (parse(raw), read(seal(raw, RECORDED, "units"))):
        assert (event.id, event.subject) == (" Café", "Café")


@pytest.mark.parametrize("text", [" a ", "\u3000甲\u00a0", "e\u0301", "\u2000e\u0301\u2028", "a b"])
def test_a_name_is_folded_once(text: str) -> None:
    """A folded name is its own spelling."""
    assert name_of(name_of(text)) == name_of(text)


def test_what_is_shown_is_short_and_has_nothing_hidden() -> None:
    """A text of 200 characters is shown whole, a longer one by its beginning; hidden characters by their numbers."""
    assert shown("长" * 200) == "长" * 200
    assert shown("长" * 201) == "长" * 200 + "…"
    assert quoted("市民政局\u200b\u202e\x1b\x9b") == "'市民政局U+200BU+202EU+001BU+009B'"
    assert len(shown("\u200b" * 500)) <= 201
    assert not any(map(hidden, shown("".join(map(chr, range(0x250))))))
