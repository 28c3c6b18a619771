"""A picture in pixels: the film in its window, the tint, and the outlines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mammi_tui.findings import Contour, Finding
from mammi_tui.images.base import resample
from mammi_tui.images.picture import Picture, warmed
from mammi_tui.text import clean

if TYPE_CHECKING:
    from PIL import ImageDraw

Pixels = NDArray[np.uint8]
"""Grey [h, w] or coloured [h, w, 3]"""

LINE = (255, 90, 54)
"""The colour of outlines"""
_SHADE = (0, 0, 0)


def pixels(picture: Picture, width: int, height: int) -> Pixels:
    """The picture at `height` × `width` pixels; in colour where it has a tint or outlines."""
    grey = resample(picture.grey, width, height)
    mask, findings = picture.warm, picture.outlines
    if mask is None and not findings:
        return grey
    coloured = np.repeat(grey[..., None], 3, axis=2)
    if mask is not None:
        warm = resample(mask.astype(np.uint8) * 255, width, height) >= 128
        coloured[warm] = warmed(grey[warm])
    return _outlined(coloured, findings) if findings else coloured


def _outlined(coloured: Pixels, findings: Sequence[Finding]) -> Pixels:
    from PIL import Image, ImageDraw

    image = Image.fromarray(coloured)
    draw = ImageDraw.Draw(image)
    thick = max(1, round(min(image.size) / 250))
    for finding in findings:
        corners = [(x * (image.width - 1), y * (image.height - 1)) for x, y in _corners(finding)]
        if len(corners) > 1:
            draw.line([*corners, corners[0]], fill=LINE, width=thick)
    for finding in findings:
        _label(draw, finding, image.size)
    return np.asarray(image)


def _corners(finding: Finding) -> list[tuple[float, float]]:
    """The corners of an outline, kept near the film: what runs far outside is drawn as far as there."""
    if isinstance(finding, Contour):
        points = [point for point in finding.points if np.isfinite(point).all()]
    else:
        left, top, right, bottom = finding.left, finding.top, finding.right, finding.bottom
        points = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [(min(2.0, max(-1.0, x)), min(2.0, max(-1.0, y))) for x, y in points]


def _label(draw: ImageDraw.ImageDraw, finding: Finding, size: tuple[int, int]) -> None:
    """Writes the label above its outline, or within where there is no room above."""
    from PIL import ImageFont

    corners = _corners(finding)
    text = clean(finding.label)
    if not text or not corners:
        return
    font = ImageFont.load_default(max(10, min(size) // 28))
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font, stroke_width=1)
    if right - left > size[0] or bottom - top > size[1]:
        return
    x = min(x for x, _ in corners) * size[0]
    y = min(y for _, y in corners) * size[1] - (bottom + 2)
    x, y = min(max(0, x), size[0] - (right - left)), min(max(0, y), size[1] - (bottom - top))
    draw.text((x, y), text, fill=LINE, font=font, stroke_width=1, stroke_fill=_SHADE)
