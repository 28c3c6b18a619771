"""The scales of the sliders."""

from __future__ import annotations

import pytest

from mammi_tui.widgets.slider import COARSE, FINE, Scale

SHARES, IMAGES = Scale(), Scale(1200)


def test_steps_stay_on_the_scale() -> None:
    assert SHARES.stepped(0.93, COARSE) == 0.94
    assert (SHARES.stepped(0.995, COARSE), SHARES.stepped(0.5, -1e9)) == (1, 0)
    assert (IMAGES.stepped(40, COARSE), IMAGES.stepped(40, -FINE)) == (50, 39)
    assert (IMAGES.stepped(3, -COARSE), IMAGES.stepped(40, 1e9), IMAGES.stepped(40, -1e9)) == (1, 1200, 1)


def test_what_is_typed_is_on_the_scale_or_refused() -> None:
    assert (SHARES.typed("0,85"), SHARES.typed("1.2"), SHARES.typed("x")) == (0.85, None, None)
    assert (IMAGES.typed("25"), IMAGES.typed("0"), IMAGES.typed("1201"), IMAGES.typed("0.5")) == (25, None, None, None)


@pytest.mark.parametrize("value", [1, 2, 7, 40, 333, 1200])
def test_a_place_on_the_track_leads_back_to_its_number_of_images(value: int) -> None:
    assert IMAGES.at(IMAGES.share(value)) == value
    assert 0 <= IMAGES.share(value) <= 1
    assert Scale(1).at(Scale(1).share(1)) == 1


def test_a_number_of_images_is_written_as_everywhere() -> None:
    assert (IMAGES.shown(1189), IMAGES.shown(40), SHARES.shown(0.5)) == ("1,189", "40", "0.500")
