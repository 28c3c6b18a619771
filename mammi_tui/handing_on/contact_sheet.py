"""The contact sheet: a neuron's words and representative images on one picture."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence

from PIL import Image, ImageDraw, PngImagePlugin, UnidentifiedImageError

from mammi_tui.findings import Contour, Finding
from mammi_tui.handing_on.card import Card, Film
from mammi_tui.handing_on.lettering import Lettering
from mammi_tui.handing_on.phrases import NOTICE, figure, given, judged
from mammi_tui.neurons.figures import TRUST_MARKS
from mammi_tui.text import clean, count, significant

MOST_FILMS = 48
WIDTH, MARGIN, GAP = 1240, 28, 14
"""Pixels"""
_ACROSS = 6
_SIDE = (WIDTH - 2 * MARGIN - (_ACROSS - 1) * GAP) // _ACROSS
"""Pixels of the square in which a film stands"""
_WHITE, _INK, _SOFT, _OUTLINE = (255, 255, 255), (22, 25, 29), (89, 98, 109), (255, 210, 62)
_WORDS = 12
"""Concepts that are named"""


def contact_sheet(card: Card, heading: Sequence[str]) -> bytes:
    """The sheet as a PNG picture. `heading` says of what and at which cuts; its last line stands at the bottom."""
    title, text, small = Lettering(26, _INK), Lettering(16, _INK), Lettering(13, _SOFT)
    inside = WIDTH - 2 * MARGIN
    head = [(title, title.fitted(card.name + (f"  {card.class_name}" if card.class_name else ""), inside))]
    head += [(small, small.fitted(line, inside)) for line in heading[:-1]]
    head += [(text, line) for paragraph in _paragraphs(card) for line in text.wrapped(paragraph, inside, 4)]
    foot = [(small, small.fitted(line, inside)) for line in (*_rest(card), NOTICE, *heading[-1:])]
    films = card.films[:MOST_FILMS]
    rows = -(-len(films) // _ACROSS)
    tile = _SIDE + 2 * small.height + GAP
    top = MARGIN + sum(lettering.height for lettering, _ in head) + GAP
    sheet = Image.new("RGB", (WIDTH, top + rows * tile + sum(each.height for each, _ in foot) + MARGIN), _WHITE)
    canvas = ImageDraw.Draw(sheet)
    _lines(canvas, head, MARGIN)
    for place, film in enumerate(films):
        row, column = divmod(place, _ACROSS)
        x, y = MARGIN + column * (_SIDE + GAP), top + row * tile
        sheet.paste(_drawn(film), (x, y))
        caption = (f"{film.rank}   {significant(film.activation)}", ", ".join(film.labels) or "no labels")
        _lines(canvas, [(small, small.fitted(line, _SIDE)) for line in caption], y + _SIDE + 3, x)
    _lines(canvas, foot, top + rows * tile)
    return _png(sheet, card)


def _paragraphs(card: Card) -> Iterator[str]:
    if card.shown:
        yield f"Not its strongest images. {card.shown}"
    words = ", ".join(f"{word.concept} {figure(word, card, 3)}" for word in card.words[:_WORDS])
    more = len(card.words) - _WORDS
    yield (f"{words} and {more} more" if more > 0 else words) or ("dead unit" if card.dead else "no annotation")
    yield f"{TRUST_MARKS[card.trust][0]} {card.sentence}"
    yield from (mark for word in (*card.words, *card.other_marks) for mark in judged(word))
    if card.settled:
        yield f"settled: {card.settled.mark} {card.settled.verdict} {given(card.settled)}"
    for said in card.said:
        if said.opinion:
            yield f"{said.opinion.mark} {said.opinion.verdict} {given(said.opinion)}"
        for what, written in (("own label", said.label), ("note", said.note)):
            if written:
                yield f"{said.reader}, {what}: {written}"


def _rest(card: Card) -> Iterator[str]:
    shown = min(len(card.films), MOST_FILMS)
    if card.dead or card.shown:
        return
    of = "" if shown == card.images else f"{shown:,} of "
    yield f"{of}{count(card.images, 'image')} {card.reaching}, the highest activation first"


def _lines(on: ImageDraw.ImageDraw, lines: Sequence[tuple[Lettering, str]], y: int, x: int = MARGIN) -> None:
    for lettering, line in lines:
        lettering.draw(on, x, y, line)
        y += lettering.height


def _drawn(film: Film) -> Image.Image:
    """The film with its outlines, centred on a black square."""
    square = Image.new("RGB", (_SIDE, _SIDE))
    picture = _picture(film)
    if picture is None:
        Lettering(13, _WHITE).draw(ImageDraw.Draw(square), GAP, _SIDE // 2, "damaged picture")
        return square
    scale = _SIDE / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    corner = ((_SIDE - size[0]) // 2, (_SIDE - size[1]) // 2)
    square.paste(picture.resize(size, Image.Resampling.LANCZOS), corner)
    canvas = ImageDraw.Draw(square)
    for finding in film.findings:
        points = [(corner[0] + x * size[0], corner[1] + y * size[1]) for x, y in _corners(finding)]
        if len(points) > 1:
            canvas.line([*points, points[0]], fill=_OUTLINE, width=1)
    return square


def _picture(film: Film) -> Image.Image | None:
    try:
        return Image.open(io.BytesIO(film.picture), formats=["WEBP"]).convert("RGB") if film.picture else None
    except (UnidentifiedImageError, OSError, ValueError):
        return None


def _corners(finding: Finding) -> list[tuple[float, float]]:
    """The corners in fractions of the film, none far outside it."""
    if isinstance(finding, Contour):
        corners = list(finding.points)
    else:
        left, top, right, bottom = finding.left, finding.top, finding.right, finding.bottom
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [(_near(x), _near(y)) for x, y in corners if x == x and y == y]


def _near(fraction: float) -> float:
    return max(-1.0, min(2.0, fraction))


def _png(sheet: Image.Image, card: Card) -> bytes:
    about = PngImagePlugin.PngInfo()
    about.add_itxt("Title", clean(card.name))
    about.add_itxt("Software", "MAMMI explorer")
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG", pnginfo=about)
    return buffer.getvalue()
