"""Models of one's own that do what no model should, by name, for a configuration's `factory` kinds."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from tests.support.misdeeds import CALLS, DOES, ESCAPES, GIVEN, LATE, VIEWS, Hostile, raising, recursing
from tests.support.models import SIDE, TinyClassifier, TinyVLM

FACTS: dict[str, dict[str, Any]] = {
    "name None": {"name": None},
    "name bytes": {"name": b"\xff"},
    "name with escapes": {"name": ESCAPES},
    "name of a number": {"name": 3},
    "identity None": {"identity": None},
    "identity bytes": {"identity": b"\xff"},
    "identity with surrogates": {"identity": "\ud800"},
    "identity empty": {"identity": ""},
    "identity not a number": {"identity": float("nan")},
}
"""What a target model, or a VLM, says of itself"""
OF_TARGET: dict[str, dict[str, Any]] = {
    **FACTS,
    "classes None": {"classes": None},
    "classes a text": {"classes": "abc"},
    "classes a list": {"classes": ["a", "b", "c"]},
    "classes numbers": {"classes": (1, 2, 3)},
    "classes twice": {"classes": ("a", "a", "a")},
    "classes with surrogates": {"classes": ("\ud800", "b", "c")},
    "classes with escapes": {"classes": (ESCAPES, "b", "c")},
    "classes not numbers": {"classes": (float("nan"), None, b"x")},
    "classes without end": {"classes": iter(int, 1)},
    "preprocess None": {"preprocess": None},
    "module None": {"module": None},
    "untrained None": {"untrained": None},
    "untrained unknown": {"untrained": frozenset({"no.such"})},
}
OF_VLM: dict[str, dict[str, Any]] = {
    **FACTS,
    "dimension None": {"dimension": None},
    "dimension 0": {"dimension": 0},
    "dimension -8": {"dimension": -8},
    "dimension 8.0": {"dimension": 8.0},
    "dimension a text": {"dimension": "8"},
    "dimension 100,000": {"dimension": 100_000},
    "dimension 10**12": {"dimension": 10**12},
    "dimension True": {"dimension": True},
    "dimension a tensor": {"dimension": torch.tensor(8)},
    "dimension of numpy": {"dimension": np.int64(8)},
    "by_name None": {"by_name": None},
    "by_name a text": {"by_name": "no"},
    "encode_images None": {"encode_images": None},
    "encode_texts a text": {"encode_texts": "x"},
}
TEXTS: dict[str, Callable[[Any], Any]] = {
    "none": lambda vectors: None,
    "a list": lambda vectors: vectors.tolist(),
    "a tensor": torch.from_numpy,
    "a tensor with a gradient": lambda vectors: torch.from_numpy(vectors).requires_grad_(),
    "texts": lambda vectors: vectors.astype(str),
    "objects": lambda vectors: vectors.astype(object),
    "complex": lambda vectors: vectors.astype(complex) + 1j,
    "doubles": lambda vectors: vectors.astype(float),
    "halves": lambda vectors: vectors.astype(np.float16),
    "whole numbers": lambda vectors: np.sign(vectors).astype(int),
    "one row less": lambda vectors: vectors[1:],
    "no rows": lambda vectors: vectors[:0],
    "turned": lambda vectors: vectors.T,
    "ragged": lambda vectors: [[1.0], [1.0, 2.0]],
    "not normalised": lambda vectors: vectors * 9,
    "zeros": lambda vectors: vectors * 0,
    "not numbers": lambda vectors: vectors * np.nan,
    "at random": lambda vectors: np.roll(vectors, int(torch.randint(1, vectors.shape[1], ())), axis=1),
    "a generator": lambda vectors: (row for row in vectors),
    "ends the program": lambda vectors: sys.exit(1),
    "recurses": recursing,
    "stops": raising(StopIteration()),
}
"""What a VLM makes of texts"""


class Misbehaving(TinyClassifier):
    def __init__(self, kind: str, name: str) -> None:
        torch.manual_seed(0)
        super().__init__(3)
        self.unused = nn.Identity()
        self.kind, self.what, self.times = kind, name, 0

    def forward(self, films: Tensor) -> Any:
        self.times += 1
        if self.kind == "does":
            DOES[self.what](self, films)
        values = super().forward(films)
        if self.kind == "late" and self.times > CALLS:
            return LATE[self.what](values)
        return GIVEN[self.what](values) if self.kind == "given" else values


def target(kind: str, name: str) -> Any:
    if kind == "made":
        return MADE[name]()
    module = Misbehaving(kind, name)
    if kind == "inside":
        module.second.register_forward_hook(lambda _, __, output: GIVEN[name](output.flatten(1)))
        module.classifier = nn.Identity()
        return module
    preprocess: Any = Preprocessing(size=SIDE, crop=SIDE, channels=1)
    if kind == "view":
        plain = preprocess
        preprocess = lambda film: VIEWS[name](plain(film))  # noqa: E731
    made = TargetModel(module, preprocess, ("effusion", "mass", "hernia"), "tiny", "tiny")
    return replace(made, **OF_TARGET[name]) if kind == "says" else made


MADE: dict[str, Callable[[], Any]] = {
    "none": lambda: None,
    "a class": lambda: TinyClassifier,
    "a text": lambda: ESCAPES,
    "a generator": lambda: (each for each in ()),
    "an error": raising(ValueError(ESCAPES)),
    "an end": raising(SystemExit(ESCAPES)),
    "a stop": raising(StopIteration()),
    "a recursion": recursing,
    "a module without layers": lambda: nn.Module(),
    "hostile": lambda: Hostile(),
    "a base error": raising(BaseException("base")),
    "an error that cannot be shown": raising(ValueError(Hostile())),
}


def vlm(device: torch.device, kind: str, name: str) -> Any:
    if kind == "made":
        return MADE[name]()
    made = TinyVLM(device)
    encode, texts, prepare = made.encode_images, made.encode_texts, made.preprocess
    if kind == "says":
        vars(made).update(OF_VLM[name])
    if kind == "given":
        made.encode_images = lambda batch: GIVEN[name](encode(batch))  # type: ignore[method-assign]
    if kind == "does":
        layer = Misbehaving("", "")
        made.encode_images = lambda batch: (DOES[name](layer, batch), encode(batch))[1]  # type: ignore[method-assign]
    if kind == "texts":
        made.encode_texts = lambda given: TEXTS[name](texts(given))  # type: ignore[method-assign]
    if kind == "view":
        made.preprocess = lambda *given: VIEWS[name](prepare(*given))  # type: ignore[method-assign]
    return made


def kinds() -> Sequence[tuple[str, str, str]]:
    """Which model misbehaves, in what, and how."""
    of_target = {
        "given": GIVEN,
        "does": DOES,
        "late": LATE,
        "view": VIEWS,
        "says": OF_TARGET,
        "made": MADE,
        "inside": GIVEN,
    }
    of_vlm = {"given": GIVEN, "does": DOES, "view": VIEWS, "says": OF_VLM, "made": MADE, "texts": TEXTS}
    each = {"target": of_target, "vlm": of_vlm}
    return [(model, kind, name) for model, those in each.items() for kind, names in those.items() for name in names]


def configured(folder: Path, model: str, kind: str, name: str) -> list[str]:
    """Overrides of tests.support.models.tiny_project, whose models then misbehave."""
    given = f"""{model}.arguments={{ kind = "{kind}", name = "{name}" }}"""
    return [f'{model}.factory="tests.support.misbehaving:{model}"', given, f'run.out="{folder / "x.duckdb"}"']
