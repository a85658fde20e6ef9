"""Other words and colours for lights, in a ledger's file."""

import msgspec
import pytest

from events.ledger import Ledger
from events.light_names import PAPER, LightName, contrast


def test_a_ledger_may_name_its_lights() -> None:
    """Each light may have a word in each language, and a colour for each ground."""
    toml = 'title = "a"\n[light_names.red]\nword = "超期"\nword_en = "Late"\ncolours = ["#9c1f2e", "#ff9a9a"]'
    assert msgspec.toml.decode(toml, type=Ledger).light_names == {
        "red": LightName("超期", "Late", ("#9c1f2e", "#ff9a9a"))
    }


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('purple = { word = "紫" }', "purple"),
        ('red = { word = "" }', "length >= 1"),
        ('red = { colours = ["red", "#ff9a9a"] }', "regex"),
        ('red = { colours = ["#ff9a9a", "#ff9a9a"] }', "#ff9a9a on #ffffff has a contrast of 2.0 to 1"),
        ('red = { colours = ["#9c1f2e", "#9c1f2e"] }', "#9c1f2e on #10181f has a contrast of 2.3 to 1"),
    ],
)
def test_a_light_that_cannot_be_read_is_refused(toml: str, message: str) -> None:
    """An unknown light, an empty word, and colours in which words cannot be read are errors that say so."""
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.toml.decode(f'title = "a"\n[light_names]\n{toml}', type=Ledger)


def test_contrast_is_that_of_the_guidelines() -> None:
    """Black on white is 21 to 1, #767676 on white 4.54 to 1 (the example of WCAG's understanding documents)."""
    assert contrast("#000000", PAPER[0]) == pytest.approx(21)
    assert contrast(PAPER[0], "#767676") == pytest.approx(4.54, abs=0.005)
