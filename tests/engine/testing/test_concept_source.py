"""check_concept_source passes our own kinds, and fails each broken promise by its own sentence."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from engine.concepts import KINDS
from engine.testing import check_concept_source
from tests.support import kinds


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_kinds(kind: str, tmp_path: Path) -> None:
    leaf = kinds.chosen(tmp_path, "concepts", kind)
    check_concept_source(leaf.module, leaf.options.model_dump(), tmp_path)  # type: ignore[arg-type]


class Options(BaseModel):
    words: int = 2


class Source:
    """A concept source of what a user must write."""

    Options = Options

    def __init__(self, concepts: Any = ("heart", "lung"), identity: Any = "mine") -> None:
        self.concepts, self.own = concepts, identity

    def identity(self, options: Options, base: Path) -> Any:
        return self.own() if callable(self.own) else self.own

    def load(self, options: Options, base: Path, reports: Any) -> Any:
        return self.concepts() if callable(self.concepts) else list(self.concepts)


def test_a_source_that_keeps_its_promises() -> None:
    check_concept_source(Source(), {"words": 3})
    check_concept_source(Source(identity=None), {})


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (Source(identity=3), "identity must be a text, not 3"),
        (Source(identity=lambda: random.random().hex()), "identity must be the same whenever it is asked for"),
        (Source(concepts=()), "load must return a list that is not empty"),
        (Source(concepts=lambda: ("heart",)), "load must return a list that is not empty"),
        (Source(concepts=("heart", 3)), "a concept must be a text, not 3"),
        (Source(concepts=(" heart",)), "a concept must be one line of printable text without blanks around it"),
        (Source(concepts=("a\x1b[31mb",)), "a concept must be one line of printable text"),
        (Source(concepts=("",)), "a concept must be one line of printable text"),
        (Source(concepts=("heart", "lung", "heart")), "each concept must occur once; 'heart' occurs more than once"),
        (
            Source(concepts=lambda: [f"word {random.random()}"]),
            "load must return the same concepts in the same order",
        ),
    ],
)
def test_a_broken_promise_is_named(source: Source, sentence: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_concept_source(source, {})
    assert str(raised.value).startswith(sentence)
