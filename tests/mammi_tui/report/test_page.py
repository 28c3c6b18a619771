"""The page as a parser reads it."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from engine.evidence.details import Trust
from mammi_tui.findings import Contour
from mammi_tui.report.html import page
from mammi_tui.report.markdown import document
from mammi_tui.text import clean
from tests.mammi_tui.report.test_markup import Page
from tests.support.hostile import MARKUP
from tests.support.reports import card, film, report

OUTSIDE = re.compile(r"https?:|//|url\(|@import")


@pytest.mark.parametrize("text", MARKUP, ids=range(len(MARKUP)))
def test_texts_from_outside_add_no_element_and_no_attribute(text: str) -> None:
    plain, hostile = Page("".join(page(report("text")))), Page("".join(page(report(text))))
    without_breaks = [[tag for tag, _ in each.tags if tag != "wbr"] for each in (plain, hostile)]
    assert without_breaks[0] == without_breaks[1]
    names = [[sorted(attributes) for tag, attributes in each.tags if tag != "wbr"] for each in (plain, hostile)]
    assert names[0] == names[1]
    assert clean(text) in hostile.text


def test_the_page_loads_nothing_and_its_policy_allows_only_its_own_style_and_script() -> None:
    made = "".join(page(report("text")))
    bare = re.sub(r"data:image/webp;base64,[A-Za-z0-9+/=]*", "", made)
    found = Page(bare)
    policy = next(given["content"] or "" for tag, given in found.tags if given.get("http-equiv"))
    assert policy.startswith("default-src 'none'; img-src data:; ")
    for tag in ("style", "script"):
        (source,) = re.findall(rf"<{tag}>(.*?)</{tag}>", made, re.DOTALL)
        assert f"{tag}-src 'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'" in policy
        assert not OUTSIDE.search(re.sub(r"^// .*$", "", source, flags=re.MULTILINE))
    assert not [given for _, given in found.tags if given.keys() & {"style", "href", "srcset", "action"}]
    assert not [name for _, given in found.tags for name in given if name.startswith("on")]


def test_a_card_says_everything() -> None:
    words = " ".join(Page("".join(page(report("opacity")))).text.split())
    assert (
        "✓ accepted “opacity”, “air” at α 0.93, β 0.95, concept set opacity · opacity (opacity) · 3 Nov 2026" in words
    )
    for text in ("carried over from another annotation", "own label: opacity", "note: opacity", "Settled:", "0.2500"):
        assert text in words
    assert "groups of its strongest images: opacity (12 images), air (48 images)" in words
    for text in ("opacityopacity1234", "2 images above τ 0.5000, most of them opacity", "“opacity” is wrong"):
        assert text in words


def test_films_are_embedded_with_their_outlines_and_damaged_ones_are_told() -> None:
    cards = [card("x", films=[film("x"), film("x", 2)]), card("x", 1, trust=Trust.WEAK)]
    made = "".join(page(report("x", cards)))
    found = Page(made)
    assert sum(tag == "img" for tag, _ in found.tags) == 4
    (box, *_) = [given for tag, given in found.tags if tag == "rect"]
    assert box == {"x": "250", "y": "250", "width": "500", "height": "500"}
    (corners, *_) = [given["points"] for tag, given in found.tags if tag == "polygon"]
    assert corners == "100,100 900,100 0,2000"
    mask = Contour("x", tuple((0.2 + place / 10_000, 0.5) for place in range(3_000)))
    dense = "".join(page(report("x", [card("x", films=[replace(film("x"), findings=[mask])])])))
    assert re.findall(r'points="200,500 (\d+),500 ', dense) == ["205"]
    broken = card("x", films=[replace(film("x"), picture=None)])
    assert "The picture is damaged." in "".join(page(report("x", [broken])))


def test_markdown_says_the_same_without_markup_of_others() -> None:
    plain, hostile = "".join(document(report("text"))), "".join(document(report(MARKUP[0])))
    assert plain.count("\n") == hostile.count("\n")
    assert "<script" not in hostile
    for text in (
        "# text",
        "| text | text | 1 | 2 | 3 | 4 | 5 |",
        "### text:0 (text): accepted",
        "own label: *text*",
        "images: text (12 images), air (48 images)",
    ):
        assert text in plain
