"""The HTML and the text of a mail: equal content, nothing in it markup but what is meant."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from services.notify.letter import Item
from services.notify.words.lines import one_line
from services.notify.words.mail_html import mail_html
from services.notify.words.plain import mail_text, plain_text

MORE = "https://duban.example.cn/zhanjiang/?a=1&b=2"

LINE = st.text(max_size=80).map(lambda text: one_line(text, 80)).filter(bool)

ITEM = st.builds(
    Item,
    LINE,
    st.lists(LINE, max_size=4).map(tuple),
    st.sampled_from(["", "https://duban.example.cn/zhanjiang/tasks/t-1?x=1&y=%22"]),
    st.booleans(),
    st.just("t-1"),
    st.sampled_from(["", "https://duban.example.cn/ack/Ab_c-_1"]),
)


def read(text: str) -> tuple[list[str], list[Any]]:
    """Return the lines that a mail's HTML shows, and its links."""
    body: Any = html.document_fromstring(text).find("body")
    for node in body.iter("br"):
        node.tail = f"\n{node.tail or ''}"
    shown = [line for node in body.iter("h2", "p") for line in node.text_content().split("\n")]
    return list(filter(None, shown)), list(body.iter("a"))


@given(st.lists(ITEM, min_size=1, max_size=4), st.integers(0, 3), st.sampled_from(["zh", "en"]))
def test_the_html_shows_the_lines_of_the_text_whatever_they_are(items: list[Item], rest: int, language: Any) -> None:
    """Same lines, same characters, in both parts; the only links are those of the items and of the rest."""
    shown, links = read(mail_html("主题 <b>", items, rest, MORE, language))
    text = mail_text(items, rest, MORE, language)
    assert shown == [line for line in text.split("\n") if line]
    wanted = [link for item in items for link in (item.ack, item.link) if link] + [MORE] * bool(rest)
    assert [link.get("href") for link in links] == wanted
    assert [link.text for link in links] == wanted


def test_text_is_never_markup() -> None:
    """A title with what looks like an element reads as it was written."""
    item = Item("落实<三无>人员补贴", ("<script>alert(1)</script>", "A&amp;B", "https://evil.example/x"))
    page = mail_html("主题", [item], 0, "", "zh")
    assert "落实&lt;三无&gt;人员补贴" in page
    assert "&lt;script&gt;" in page
    assert "A&amp;amp;B" in page
    assert "<a " not in page


def test_styles_are_inline_and_nothing_is_fetched() -> None:
    """Mail clients drop style sheets, and hide mails behind a warning that fetch anything."""
    page = mail_html("主题", [Item("标题", ("行",), MORE, urgent=True)], 2, MORE, "en")
    assert "<style" not in page
    assert "<img" not in page
    assert "url(" not in page
    assert 'name="color-scheme" content="light dark"' in page
    assert '<html lang="en"' in page


def test_what_is_left_out_is_counted_with_where_it_can_be_read() -> None:
    """In the words of an office."""
    item = Item("标题", ("行",))
    assert plain_text([item], 3, MORE, "zh").endswith(f"\n\n另有3项，见{MORE}")
    assert plain_text([item], 3, MORE, "en").endswith(f"\n\n3 more: {MORE}")
    assert plain_text([item], 0, MORE, "zh") == "标题\n行"
