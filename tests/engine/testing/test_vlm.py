"""check_vlm passes our own kinds, and fails each broken promise by its own sentence."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.probing.base import Image
from engine.testing import check_vlm
from engine.vlms import KINDS
from tests.support import kinds
from tests.support.models import TinyVLM

CPU = torch.device("cpu")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_our_own_kinds(kind: str, tmp_path: Path) -> None:
    leaf = kinds.chosen(tmp_path, "vlm", kind)
    known: dict[str, Any] = {"names": kinds.IMAGES[:4], "texts": kinds.TEXTS} if kind == "precomputed" else {}
    check_vlm(lambda: leaf.load(tmp_path, CPU), **known)


class _Plain:
    """A VLM of what a user must write, without `by_name`."""

    def __init__(self) -> None:
        inner = TinyVLM(CPU)
        for name in ("name", "dimension", "identity", "preprocess", "encode_images", "encode_texts"):
            setattr(self, name, getattr(inner, name))


def test_by_name_may_be_left_out() -> None:
    check_vlm(_Plain)  # type: ignore[arg-type]


class _Counting(TinyVLM):
    """Counts the films that it has prepared, as a dropout that was left on or a shared buffer would show."""

    count = 0

    def counted(self) -> int:
        self.count += 1
        return self.count


class ReturnsAnArray(TinyVLM):
    def preprocess(self, film: Any, image: Image) -> Any:
        return super().preprocess(film, image).numpy()


class ReturnsBytes(TinyVLM):
    def preprocess(self, film: Any, image: Image) -> torch.Tensor:
        return super().preprocess(film, image).to(torch.uint8)


class KeepsTheSize(TinyVLM):
    def preprocess(self, film: Any, image: Image) -> torch.Tensor:
        return torch.from_numpy(film.astype(np.float32))[None]


class ChangesTheFilm(TinyVLM):
    def preprocess(self, film: Any, image: Image) -> torch.Tensor:
        film[0, 0] ^= 1
        return super().preprocess(film, image)


class ChangesWithTime(_Counting):
    def preprocess(self, film: Any, image: Image) -> torch.Tensor:
        return super().preprocess(film, image) + self.counted() * 1e-3


class ReadsTheName(TinyVLM):
    def preprocess(self, film: Any, image: Image) -> torch.Tensor:
        return super().preprocess(film, image) + len(image.path)


class FailsOnAPixel(TinyVLM):
    def preprocess(self, film: Any, image: Image) -> torch.Tensor:
        if film.size == 1:
            raise ZeroDivisionError("division by zero")
        return super().preprocess(film, image)


class GivesMore(TinyVLM):
    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.pad(super().encode_images(batch), (0, 1))


class IsTooLong(TinyVLM):
    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        return 2 * super().encode_images(batch)


class IsNotFinite(TinyVLM):
    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        return super().encode_images(batch) * float("nan")


class IsDouble(TinyVLM):
    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        return super().encode_images(batch).double()


class HasDropout(TinyVLM):
    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        noisy = super().encode_images(batch) + 0.1 * torch.rand(len(batch), self.dimension)
        return torch.nn.functional.normalize(noisy, dim=1)


class HasBatchNorm(TinyVLM):
    def encode_images(self, batch: torch.Tensor) -> torch.Tensor:
        return super().encode_images(batch - batch.mean(dim=0) / 2)


class PadsTexts(TinyVLM):
    def encode_texts(self, texts: Sequence[str]) -> Any:
        longest = max(map(len, texts))
        return super().encode_texts([text.ljust(longest) for text in texts])


class SortsTexts(TinyVLM):
    def encode_texts(self, texts: Sequence[str]) -> Any:
        return super().encode_texts(sorted(texts))


class ReturnsTensors(TinyVLM):
    def encode_texts(self, texts: Sequence[str]) -> Any:
        return torch.from_numpy(super().encode_texts(texts))


class HasANewIdentity(TinyVLM):
    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self.identity = str(random.random())


class HasRandomWeights(TinyVLM):
    def __init__(self, device: torch.device) -> None:
        super().__init__(device, seed=random.randrange(10**9))
        self.identity = "random"


class HasRandomTexts(TinyVLM):
    def __init__(self, device: torch.device) -> None:
        super().__init__(device)
        self._seed = random.randrange(10**9)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (type("B", (TinyVLM,), {"name": ""}), "name must be a text that is not empty, not ''"),
        (type("B", (TinyVLM,), {"dimension": 0}), "dimension must be a number above 0, not 0"),
        (GivesMore, "encode_images must return the shape [4, 8], not [4, 9]"),
        (ReturnsAnArray, "preprocess must return a tensor, not a ndarray"),
        (ReturnsBytes, "preprocess must return float32, not torch.uint8"),
        (KeepsTheSize, "preprocess must return one shape for films of any size, not [1, 300, 240] and [1, 220, 310]"),
        (ChangesTheFilm, "preprocess must not change the film that it is given"),
        (ChangesWithTime, "preprocess must return the same input for a film each time"),
        (ReadsTheName, "by_name must be True where an input depends on the image's name"),
        (
            FailsOnAPixel,
            "preprocess of a film of 1 × 1 pixels may raise UnreadableImage only, not ZeroDivisionError",
        ),
        (IsTooLong, "encode_images must return vectors of length 1, not 2"),
        (IsNotFinite, "encode_images must return finite numbers"),
        (IsDouble, "encode_images must return float32, not float64"),
        (HasDropout, "encode_images must give the same batch the same embeddings: is the model in evaluation mode?"),
        (HasBatchNorm, "encode_images must give an image the same embedding in any batch"),
        (
            PadsTexts,
            "encode_texts must give a text the same embedding whatever texts are beside it",
        ),
        (SortsTexts, "encode_texts must return the embeddings in the order of the texts"),
        (ReturnsTensors, "encode_texts must return an array, not a Tensor"),
        (HasANewIdentity, "identity must be the same whenever the VLM is loaded"),
        (HasRandomWeights, "a VLM of the same identity must give an image the same embedding"),
        (HasRandomTexts, "a VLM of the same identity must give a text the same embedding"),
    ],
)
def test_a_broken_promise_is_named(broken: type[TinyVLM], sentence: str) -> None:
    with pytest.raises(AssertionError) as raised:
        check_vlm(lambda: broken(CPU))
    assert str(raised.value).startswith(sentence)
