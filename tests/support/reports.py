"""Reports made by hand, every text of them as given."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from engine.annotation.cuts import Cuts
from engine.evidence.details import Trust
from mammi_tui.findings import Contour, Outline
from mammi_tui.handing_on.card import Card, Film, Opinion, Said, Word
from mammi_tui.report.contents import Counted, Report


def picture(grey: int = 90, width: int = 24, height: int = 18) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((height, width), grey, np.uint8)).save(buffer, "WEBP", lossless=True)
    return buffer.getvalue()


def opinion(text: str, verdict: str = "accepted", *, hollow: bool = False) -> Opinion:
    return Opinion(verdict, "✓", hollow, (text, "air"), Cuts(0.93, 0.95, text), text, text, "2026-11-03T14:05:00+00:00")


def film(text: str, rank: int = 1, content: bytes | None = None) -> Film:
    shapes = [Outline(text, 0.25, 0.25, 0.75, 0.75), Contour(text, ((0.1, 0.1), (0.9, 0.1), (float("nan"), 5e9)))]
    return Film(rank, content or picture(), 240, 180, 1.5 / rank, (text,), text, shapes)


def card(text: str, unit: int = 0, **changes: object) -> Card:
    given: dict[str, object] = {
        "layer": text, "unit": unit, "class_name": text, "finding": text, "dead": False, "images": 2,
        "reaching": "above τ 0.5000", "by_z": False,
        "words": [Word(text, 0.25 + unit, 2.0, (text,), (text,)), Word("air", 0.2, 1.0)],
        "other_marks": [Word(text, float("nan"), float("nan"), wrong=(text,))], "trust": Trust.STRONG, "sentence": text,
        "said": [Said(text, opinion(text, hollow=True), text, text), Said("r2", opinion(text, "rejected"), None, "")],
        "settled": opinion(text), "standing": "accepted", "carried": False,
        "films": [film(text), film(text, 2)], "groups": [(text, 12), ("air", 48)],
    }  # fmt: skip
    return Card(**(given | changes))  # type: ignore[arg-type]


def report(text: str, cards: list[Card] | None = None) -> Report:
    """A report in which each text from outside is `text`."""
    return Report(
        title=text,
        facts=[("run", text)],
        limits=[text],
        chosen=text,
        left_out=[text],
        counts=[Counted(text, text, 1, 2, 3, 4, 15)],
        agreement=[("overall", text)],
        shortcuts=[text],
        cards=[card(text)] if cards is None else cards,
    )
