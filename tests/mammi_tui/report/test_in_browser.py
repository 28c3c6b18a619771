"""The page in a real browser: nothing is asked for, the script sorts and filters, all is readable without it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from engine.evidence.details import Trust
from mammi_tui.report.html import page
from mammi_tui.report.markup import LONGEST
from tests.support.browser import Browser, browser, installed
from tests.support.hostile import TEXTS
from tests.support.reports import card, report

PROGRAM = installed()
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium is installed: the page is not opened in a browser"),
]
SHOWN = "[...document.querySelectorAll('article:not([hidden]) h3')].map((name) => name.textContent)"


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    assert PROGRAM
    with browser(PROGRAM, tmp_path_factory.mktemp("browser")) as found:
        yield found


def write(folder: Path, text: str = "text") -> Path:
    cards = [
        card("a", 0, trust=Trust.WEAK, settled=None, said=[], standing="undecided"),
        card("b", 1, trust=Trust.STRONG, sentence="shadow"),
        card("b", 2, trust=Trust.FAIR, settled=None, standing="differ"),
    ]
    path = folder / "report.html"
    path.write_text("".join(page(report(text, cards))), encoding="utf-8")
    return path


def test_nothing_is_asked_for_and_nothing_complains(opened: Browser, tmp_path: Path) -> None:
    path = write(tmp_path)
    opened.complaints.clear()
    opened.requests.clear()
    opened.open(path)
    assert opened.requests == [path.as_uri()]
    assert opened.complaints == []
    assert opened.evaluate("[...document.images].every((film) => film.complete && film.naturalWidth > 0)")
    assert opened.evaluate("getComputedStyle(document.querySelector('article')).borderTopLeftRadius") == "8px"


def test_hostile_texts_run_nothing(opened: Browser, tmp_path: Path) -> None:
    """One card for each text, all texts on one page: of theirs no element, no attribute, no script, no request."""
    path, texts = tmp_path / "report.html", list(TEXTS.values())
    cards = [card(text[:2000], unit) for unit, text in enumerate(texts)]
    path.write_text("".join(page(report("".join(texts)[:LONGEST], cards))), encoding="utf-8")
    opened.complaints.clear()
    opened.requests.clear()
    opened.open(path)
    assert opened.complaints == []
    assert opened.requests == [path.as_uri()]
    assert opened.evaluate("document.title") != "run"
    assert opened.evaluate("document.scripts.length") == 1
    foreign = "[...document.querySelectorAll('*')].filter((each) => [...each.attributes].some((its) =>"
    assert opened.evaluate(foreign + " /^on|^srcdoc|^autofocus/.test(its.name))).length") == 0
    kinds = set(opened.evaluate("[...new Set([...document.querySelectorAll('*')].map((each) => each.localName))]"))
    opened.open(write(tmp_path))
    assert kinds <= {*opened.evaluate("[...document.querySelectorAll('*')].map((each) => each.localName)"), "wbr"}


def test_the_policy_stops_a_script_that_is_not_the_pages(opened: Browser, tmp_path: Path) -> None:
    path = write(tmp_path)
    forged = path.read_text(encoding="utf-8").replace("</main>", "</main><script>document.title='run'</script>")
    path.write_text(forged, encoding="utf-8")
    opened.complaints.clear()
    opened.open(path)
    assert opened.evaluate("document.title") == "text"
    assert any("Content Security Policy" in complaint for complaint in opened.complaints)


def test_cards_are_filtered_and_sorted(opened: Browser, tmp_path: Path) -> None:
    opened.open(write(tmp_path))
    assert opened.evaluate(SHOWN) == ["a:0", "b:1", "b:2"]
    opened.choose("order", "trust")
    assert opened.evaluate(SHOWN) == ["b:1", "b:2", "a:0"]
    opened.choose("layer", "b")
    opened.choose("verdict", "differ")
    assert opened.evaluate(SHOWN) == ["b:2"]
    assert opened.evaluate("document.getElementById('shown').textContent") == "1 of 3 shown · b · differ"
    opened.choose("verdict", "")
    opened.choose("words", "SHADOW")
    assert opened.evaluate(SHOWN) == ["b:1"]
    opened.choose("words", "nothing has this")
    assert opened.evaluate(SHOWN) == []


def test_all_is_readable_without_scripts(opened: Browser, tmp_path: Path) -> None:
    path = write(tmp_path)
    opened.scripts(on=False)
    try:
        opened.open(path)
        assert opened.evaluate(SHOWN) == ["a:0", "b:1", "b:2"]
        assert opened.evaluate("document.getElementById('controls').checkVisibility()") is False
    finally:
        opened.scripts(on=True)


def test_outlines_lie_over_the_film_and_can_be_hidden(opened: Browser, tmp_path: Path) -> None:
    opened.open(write(tmp_path))
    film, box = (
        opened.evaluate(f"(() => {{ const b = document.querySelector('{found}').getBoundingClientRect(); "
                        "return [b.left, b.top, b.width, b.height] })()")
        for found in ("article img", "article rect")
    )  # fmt: skip
    for place, side in ((0, 2), (1, 3)):
        assert box[place] - film[place] == pytest.approx(film[side] / 4, abs=2)
        assert box[side] == pytest.approx(film[side] / 2, abs=3)
    opened.evaluate("document.getElementById('outlines').click()")
    assert opened.evaluate("document.querySelector('article svg').checkVisibility()") is False


@pytest.mark.parametrize("width", [360, 1200])
def test_nothing_is_wider_than_the_window(opened: Browser, tmp_path: Path, width: int) -> None:
    opened.open(write(tmp_path, "a_very_long_name_without_any_blank_" * 8), width)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_heads_of_columns_are_not_broken_inside_a_word(opened: Browser, tmp_path: Path) -> None:
    opened.open(write(tmp_path), 390)
    broken = """[...document.querySelectorAll('th')].filter((head) => {
        const text = document.createRange();
        text.selectNodeContents(head);
        const lines = new Set([...text.getClientRects()].map((line) => line.top)).size;
        return lines > head.textContent.trim().split(/\\s+/).length;
    }).map((head) => head.textContent)"""
    assert opened.evaluate(broken) == []


def test_dark_windows_get_a_dark_page(opened: Browser, tmp_path: Path) -> None:
    opened.media(prefers_color_scheme="dark")
    opened.open(write(tmp_path))
    dark = Image.open(io.BytesIO(opened.picture())).convert("L").getpixel((2, 2))
    opened.media(prefers_color_scheme="light")
    light = Image.open(io.BytesIO(opened.picture())).convert("L").getpixel((2, 2))
    assert isinstance(dark, int)
    assert isinstance(light, int)
    assert dark < 60 < 200 < light


def test_it_is_printed_on_a4_with_cards_whole(opened: Browser, tmp_path: Path) -> None:
    opened.open(write(tmp_path))
    printed = opened.printed()
    assert printed.startswith(b"%PDF")
    assert re.search(rb"/MediaBox ?\[0 0 59[45](\.\d+)? 84[12](\.\d+)?\]", printed)
    opened.call("Emulation.setEmulatedMedia", media="print")
    assert opened.evaluate("getComputedStyle(document.querySelector('article')).breakInside") == "avoid"
    assert opened.evaluate("document.getElementById('words').checkVisibility()") is False
    opened.call("Emulation.setEmulatedMedia", media="")
