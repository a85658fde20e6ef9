"""What a cell may contain; pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.status.export.cells import guarded, is_formula, visible


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "＝1+1", "＋1", "－1", "＠x", "=cmd|'/c calc'!A1"],
)
def test_a_text_that_a_spreadsheet_would_compute_begins_with_a_quote(text: str) -> None:
    """OWASP's list: = + - @, tab and line breaks, the full-width forms, and all of them after spaces."""
    assert is_formula(text)
    assert guarded(text) == "'" + visible(text)


@pytest.mark.parametrize("text", ["", "市残联", "2018年12月底前完成", "a=b", "'=1", "1-2", "（一）"])
def test_other_texts_stay(text: str) -> None:
    """A text without such a beginning is not changed."""
    assert guarded(text) == text


def test_control_characters_are_shown() -> None:
    """Each has its picture, so that a reader sees that something was there; tabs and line breaks stay."""
    assert visible("a\x00b\x07c\x1fd\x7fe\tf\ng") == "a␀b␇c␟d␡e\tf\ng"
    assert visible("a\ufffeb\uffffc") == "a\ufffdb\ufffdc"


@settings(deadline=None)  # a busy machine takes longer
@given(st.text())
def test_any_text_becomes_xml(text: str) -> None:
    """XML takes every text that is shown, and a second time changes nothing."""
    shown = visible(text)
    element = etree.Element("t")
    element.text = shown
    assert visible(shown) == shown
    assert len(shown) == len(text)
