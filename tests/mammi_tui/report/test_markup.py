"""Whatever a text says, it is text on the page."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammi_tui.report.markdown import escaped
from mammi_tui.report.markup import LONGEST, bundled, element, joined
from mammi_tui.text import clean
from tests.support.hostile import TEXTS


class Page(HTMLParser):
    """Collects the elements, their attributes and the text of a page, without its style and its script."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if not self.tags or self.tags[-1][0] not in ("style", "script"):
            self.text += data


def test_hostile_texts_stay_texts() -> None:
    for text in TEXTS.values():
        page, shown = Page(element("p", text, element("b", "x"), title=text, data_name=text)), clean(text, LONGEST)
        assert page.tags == [("p", {"title": shown, "data-name": shown}), ("b", {})]
        assert page.text == shown + "x"


@given(st.text())
def test_any_text_stays_text(text: str) -> None:
    page = Page(element("p", text, title=text))
    assert page.tags == [("p", {"title": clean(text)})]
    assert page.text == clean(text)


def test_attributes_may_be_zero_bare_or_left_out() -> None:
    made = element("input", data_score=0, hidden=True, disabled=False, name=None, class_="a")
    assert made == '<input data-score="0" hidden class="a">'


def test_children_may_be_nested_and_none() -> None:
    assert joined(["a<", None, [element("br"), ["&"]]]) == "a&lt;<br>&amp;"


def test_a_bundled_source_cannot_end_its_element() -> None:
    with pytest.raises(ValueError, match="</"):
        bundled("script", "x = '</script>'")


@pytest.mark.parametrize(
    "text",
    ["<b>x</b>", "[a](http://b)", "![x](y)", "`code`", "a|b", "# head", "1. one", "http://a.b", "www.a.b", "*x* _y_"],
)
def test_markdown_is_escaped(text: str) -> None:
    made = escaped(text)
    for special in ("<", "http:/", "www."):
        assert special not in made
    bare = made.replace("&lt;", "\\<").replace("&amp;", "\\&")
    for place, character in enumerate(bare):
        if character in "`*_[]|#<>&!":
            assert bare[place - 1] == "\\"
