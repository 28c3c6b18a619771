"""The words of a caption that can be concepts, and how well words fit images."""

from __future__ import annotations

import numpy as np

from engine.methods.caption_words import CaptionWords, words_of
from tests.support.runs import HOSTILE


def test_function_words_marks_and_digits_are_not_concepts() -> None:
    # Published reports have XXXX and ___ in place of text that could identify a patient.
    caption = "There is a 1.2-cm XXXX nodule of the right-sided lung, ___ IJ line; no T10 fracture in view."
    assert words_of(caption, {"view"}) == {"nodule", "right-sided", "lung", "line", "fracture"}


def test_words_of_hostile_captions_are_letters_and_digits() -> None:
    for word in CaptionWords([f"{odd} effusion {odd}" for odd in HOSTILE], ()).words:
        assert word.replace("-", "").isalnum()


def test_a_plural_counts_as_its_singular_where_the_captions_have_both() -> None:
    words = CaptionWords(
        ["Masses and effusions, opacities.", "A mass; an effusion. One opacity in the mediastinus."], ()
    )
    assert words.words == ("effusion", "mass", "mediastinus", "opacity")
    assert CaptionWords(["Two views, clear lungs."], {"view"}).words == ("clear", "lungs", "two")


def test_a_words_score_is_the_mean_fit_of_the_best_caption_that_contains_it() -> None:
    words = CaptionWords(["small effusion", "large effusion", "clear", "of the"], ())
    scores = words.scores(np.array([[0, 1], [2, 1], [3, 3]]), np.array([[0.2, 0.5], [0.4, 0.1], [0.3, 0.3]]))
    expected = {"clear": 0.4 / 3, "effusion": (0.5 + 0.1) / 3, "large": (0.5 + 0.1) / 3, "small": 0.2 / 3}
    assert dict(zip(words.words, scores.round(12), strict=True)) == {k: round(v, 12) for k, v in expected.items()}


def test_without_images_or_words_there_are_no_scores() -> None:
    words = CaptionWords(["clear lungs"], ())
    assert words.scores(np.empty((0, 5), dtype=np.int64), np.empty((0, 5))).tolist() == [0, 0]
    assert CaptionWords(["of the"], ()).scores(np.array([[0]]), np.array([[1.0]])).tolist() == []
