"""Text from outside, made safe and fitted."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mammi_tui.text import clean, count, decimal, fit, significant, wrap


@given(st.text())
def test_clean_text_is_one_line_without_controls(text: str) -> None:
    shown = clean(text)
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in shown)
    assert clean(shown) == shown


@given(st.text(), st.integers(0, 30), st.booleans(), st.booleans())
def test_fitted_text_has_its_width(text: str, width: int, right: bool, keep_end: bool) -> None:
    assert cell_len(fit(clean(text), width, right=right, keep_end=keep_end)) == width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("a\nb\tc", "a b c"),
        ("\u202egnp.exe", "�gnp.exe"),
        ("a\x7fb\u200bc\ufe0f", "a␡b�c�"),
        ("e" + "\u0301" * 9 + "f", "e" + "\u0301" * 4 + "�f"),
        ("\u0301a", "◌\u0301a"),
        ("[bold]x[/]", "[bold]x[/]"),
        ("\ud800", "�"),
        ("Pleuraerguß 胸水", "Pleuraerguß 胸水"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert clean(text) == shown


def test_long_text_is_cut() -> None:
    assert len(clean("x" * 10_000)) == 500


def test_names_are_cut_at_the_end_that_says_least() -> None:
    assert fit("features.denseblock3", 10) == "features.…"
    assert fit("features.denseblock3", 10, keep_end=True) == "…nseblock3"


def test_numbers() -> None:
    assert decimal(-0.1234) == "−0.123"
    assert decimal(-0.0001) == "0.000"
    assert significant(-1.289) == "−1.289"
    assert significant(12.3) == "12.30"
    assert significant(-1.5e-9) == "−1.500e-09"
    assert count(1, "image") == "1 image"
    assert count(1024, "image") == "1,024 images"


def test_a_percent_sign_stays_with_its_number() -> None:
    assert list(wrap("stays first in 91 % of draws", 17)) == ["stays first in", "91 % of draws"]
    assert list(wrap("", 17)) == []
