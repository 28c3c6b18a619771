"""Writes a report as one HTML page that loads nothing: its pictures, its style and its script are inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from mammi_tui.findings import Contour, Finding
from mammi_tui.handing_on.card import Card, Film, Opinion, Said, Word
from mammi_tui.handing_on.phrases import NOTICE, figure, given, groups, judged
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.report.contents import COUNTS, Counted, Fact, Report
from mammi_tui.report.markup import Markup, bundled, data_address, element, joined, outside
from mammi_tui.text import count, significant

_GRID = 1000
"""Steps of the coordinates of outlines across a film"""
_APART = 5
"""Steps between two corners of an outline: a pixel of a film's picture"""
_ORDERS = (
    ("written", "as written"),
    ("verdict", "verdict"),
    ("best", "best concept"),
    ("trust", "trust"),
    ("score", "best score"),
    ("images", "images"),
)


def page(report: Report) -> Iterator[str]:
    """The page in parts, one for each card, so that it need not be in memory as a whole."""
    style, style_hash = bundled("style", _source("page.css"))
    script, script_hash = bundled("script", _source("page.js"))
    policy = (
        f"default-src 'none'; img-src data:; style-src {style_hash}; script-src {script_hash}; "
        "base-uri 'none'; form-action 'none'"
    )
    yield '<!DOCTYPE html>\n<html lang="en">\n'
    yield element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", report.title),
        style,
    )
    yield "\n<body>\n"
    yield joined(_before(report), "\n")
    yield '\n<main id="cards">\n'
    for card in report.cards:
        yield _card(card) + "\n"
    yield f"</main>\n{script}\n</body>\n</html>\n"


def _source(name: str) -> str:
    return (files("mammi_tui.report") / name).read_text(encoding="utf-8")


def _before(report: Report) -> Iterator[Markup]:
    yield element("h1", outside(report.title))
    yield element("p", outside(report.chosen), class_="soft")
    yield element("div", element("p", NOTICE), *_remarks(report.limits), class_="notice")
    yield element("section", element("h2", "What was run"), _facts(report.facts))
    if report.left_out:
        yield element("section", element("h2", "Left out"), _list(report.left_out))
    yield element("section", element("h2", "Verdicts"), _counts(report.counts), *_agreement(report.agreement))
    if report.shortcuts:
        yield element("section", element("h2", "Shortcuts"), _list(report.shortcuts))
    yield _controls()


def _remarks(texts: Iterable[str]) -> Iterator[Markup]:
    return (element("p", outside(text)) for text in texts)


def _list(texts: Iterable[str]) -> Markup:
    return element("ul", [element("li", outside(text)) for text in texts])


def _facts(facts: Iterable[Fact]) -> Markup:
    return element("dl", [[element("dt", term), element("dd", outside(text))] for term, text in facts])


def _counts(counts: Sequence[Counted]) -> Markup:
    if not counts:
        return element("p", "No verdict yet.")
    heads = ("layer", "reader", *COUNTS)
    return element(
        "table",
        element("tr", [element("th", head) for head in heads]),
        [
            element(
                "tr",
                element("td", outside(row.layer)),
                element("td", outside(row.reader)),
                *(element("td", f"{number:,}") for number in row.numbers),
            )
            for row in counts
        ],
        class_="counts",
    )


def _agreement(agreement: Sequence[Fact]) -> Iterator[Markup]:
    if agreement:
        yield element("h2", "Agreement of the readers")
        yield _facts(agreement)


def _controls() -> Markup:
    """The line that sorts and filters. The page's script shows it."""
    choices = [
        element("label", name, element("select", element("option", "any", value=""), id=name))
        for name in ("layer", "verdict", "trust")
    ]
    orders = element("select", [element("option", text, value=value) for value, text in _ORDERS], id="order")
    return element(
        "div",
        element("input", type="search", id="words", placeholder="words", aria_label="Show the cards with these words"),
        *choices,
        element("label", "sorted by", orders),
        element("label", element("input", type="checkbox", id="outlines", checked=True), "outlines"),
        element("span", id="shown", class_="soft", role="status"),
        id="controls",
        hidden=True,
    )


# Cards


def _card(card: Card) -> Markup:
    best = card.words[0] if card.words else None
    return element(
        "article",
        element(
            "div",
            element("h3", outside(card.name), class_="name"),
            element("span", outside(card.class_name)) if card.class_name else None,
            _best(card),
            element("span", card.verdict, class_=f"verdict {card.standing}{' hollow' * card.carried}"),
            class_="head",
        ),
        element("div", _about(card), _films(card), class_="body"),
        data_layer=card.layer,
        data_verdict=card.verdict,
        data_trust=card.trust.name.lower(),
        data_grade=int(card.trust),
        data_best=best.concept if best else "",
        data_score=(best.z if card.by_z else best.score) if best else 0,
        data_images=card.images,
    )


def _best(card: Card) -> Markup:
    """The readers' own labels, in italics, before the best concept."""
    labels = dict.fromkeys(said.label for said in card.said if said.label)
    if labels:
        return element("span", [element("i", outside(label), " ") for label in labels], class_="best")
    word = card.words[0].concept if card.words else "no annotation"
    return element("span", outside(word), class_="best")


def _about(card: Card) -> Markup:
    images = "dead unit" if card.dead else f"{count(card.images, 'image')} {card.reaching}"
    finding = [", most of them ", outside(card.finding)] if card.finding else None
    grade = element("b", TRUST_MARKS[card.trust][0], class_=card.trust.name.lower())
    return element(
        "div",
        _words(card),
        element("p", grade, " ", outside(card.sentence)),
        element("p", images, finding, class_="soft"),
        element("p", "groups of its strongest images: ", outside(groups(card)), class_="soft") if card.groups else None,
        [element("p", outside(mark)) for mark in map(_marked, card.other_marks)],
        element("p", "Settled: ", _opinion(card.settled), class_="said") if card.settled else None,
        [_said(said) for said in card.said],
    )


def _words(card: Card) -> Markup | None:
    if not card.words:
        return None
    return element(
        "table",
        [
            element("tr", element("td", outside(word.concept), *_marks(word)), element("td", figure(word, card, 4)))
            for word in card.words
        ],
        class_="words",
    )


def _marks(word: Word) -> Iterator[Markup | str]:
    for sign, readers, name in (("✓", word.right, "right"), ("✗", word.wrong, "wrong")):
        if readers:
            yield " "
            yield element("span", f"{sign} ", outside(", ".join(readers)), class_=name)


def _marked(word: Word) -> str:
    return "; ".join(judged(word))


def _said(said: Said) -> Markup:
    opinion = [_opinion(said.opinion)] if said.opinion else [outside(said.reader)]
    return element(
        "div",
        element("p", opinion),
        element("p", "own label: ", element("i", outside(said.label))) if said.label else None,
        element("p", "note: ", outside(said.note)) if said.note else None,
        class_="said",
    )


def _opinion(opinion: Opinion) -> Markup:
    return element(
        "span",
        element("span", f"{opinion.mark} {opinion.verdict}", class_=f"verdict {opinion.verdict}"),
        " ",
        outside(given(opinion)),
        class_="hollow" if opinion.hollow else None,
    )


# Films


def _films(card: Card) -> Markup:
    return element("div", [_film(film) for film in card.films], class_="films")


def _film(film: Film) -> Markup:
    labels = ", ".join(film.labels) or "no labels"
    return element(
        "figure",
        element("div", _picture(film, labels), _outlines(film.findings), class_="film"),
        element(
            "figcaption",
            element("b", f"{film.rank}"),
            f"  {significant(film.activation)}  ",
            outside(labels),
            [element("br"), outside(film.name)] if film.name else None,
        ),
    )


def _picture(film: Film, labels: str) -> Markup:
    if film.picture is None:
        return element("span", "The picture is damaged.", class_="damaged")
    return element(
        "img",
        src=data_address("image/webp", film.picture),
        alt=f"Film {film.rank}: {labels}",
        width=film.width,
        height=film.height,
        decoding="async",
    )


def _outlines(findings: Sequence[Finding]) -> Markup | None:
    if not findings:
        return None
    return element(
        "svg", [_outline(finding) for finding in findings], viewBox=f"0 0 {_GRID} {_GRID}", preserveAspectRatio="none"
    )


def _outline(finding: Finding) -> Markup:
    title = element("title", finding.label)
    if isinstance(finding, Contour):
        corners = _apart((_step(x), _step(y)) for x, y in finding.points)
        return element("g", title, element("polygon", points=" ".join(f"{x},{y}" for x, y in corners)))
    left, top, right, bottom = map(_step, (finding.left, finding.top, finding.right, finding.bottom))
    return element("g", title, element("rect", x=left, y=top, width=max(0, right - left), height=max(0, bottom - top)))


def _apart(corners: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Corners without those close to the one before: a mask's outline has one for each pixel."""
    last = None
    for x, y in corners:
        if last is None or abs(x - last[0]) + abs(y - last[1]) >= _APART:
            last = x, y
            yield last


def _step(fraction: float) -> int:
    """A coordinate that lies on the film, or just beside it. NaN is 0."""
    return round(max(-1.0, min(2.0, fraction)) * _GRID) if fraction == fraction else 0
