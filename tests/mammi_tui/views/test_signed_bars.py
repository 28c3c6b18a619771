"""Signed bars keep one scale on both sides of the axis."""

import pytest

from mammi_tui.views.signed_bars import digits_of, signed, signed_bar


@pytest.mark.parametrize("cells", [5, 6, 9, 20, 33])
def test_bars_fill_their_cells_and_none_is_longer_than_its_share(cells: int) -> None:
    for value in (-2.0, -1.0, -0.001, 0.0, 0.5, 4.0):
        assert len(signed_bar(value, -2, 4, cells)) == cells
    longest, half = signed_bar(4, -2, 4, cells).count("━"), signed_bar(-2, -2, 4, cells).count("━")
    assert half <= longest / 2 + 1


def test_the_axis_is_at_the_edge_where_all_have_one_sign() -> None:
    assert signed_bar(4, 1, 4, 8) == "━" * 8
    assert signed_bar(2, 1, 4, 8) == "━━━━    "
    assert signed_bar(-4, -4, -1, 8) == "━" * 8
    assert signed_bar(-2, -4, -1, 8) == "    ━━━━"
    assert signed_bar(0, 0, 0, 8) == " " * 8
    assert signed_bar(-1, -1, 1, 9) == "━━━━│    "
    assert signed_bar(1, -1, 1, 9) == "    │━━━━"


def test_numbers_have_their_sign_and_as_many_decimals_as_the_largest_needs() -> None:
    assert [signed(value) for value in (0.12, -0.034, 0.0, -0.0001, float("nan"))] == [
        "+0.120", "−0.034", "0.000", "0.000", "–",
    ]  # fmt: skip
    assert [digits_of(-low, high) for low, high in ((0, 12.5), (0.5, 0.2), (0, 0.0004), (0, 0))] == [1, 3, 6, 3]
