"""Many texts searched at once."""

import numpy as np
import pytest

from engine.decisions.film_index import Texts

TEXTS = ["a/Film_1.png", "", "STRASSE", "straße\nb", "a/film_2.png", *["x"] * 40]


@pytest.mark.parametrize("text", ["film", "strasse", "x", "b", "png", "", "a/film_2", "nothing", "1.png\0"])
def test_texts_are_found_whatever_their_case(text: str) -> None:
    found = Texts(TEXTS).having(text)
    assert found.tolist() == [text in each.casefold() for each in TEXTS]


def test_texts_stay_as_they_were() -> None:
    texts = Texts(TEXTS)
    assert [texts[place] for place in range(len(TEXTS))] == TEXTS
    assert not np.any(Texts([]).having("x"))
