"""The promises of engine.vlms.base.VLM."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import UnreadableImage
from engine.probing.base import Image
from engine.testing.promises import expect, films, from_threads, narrow_films, only
from engine.vlms.base import LENGTH_TOLERANCE, VLM

if TYPE_CHECKING:
    import torch

Films = list[tuple[NDArray[np.uint8], Image]]

NAMES = ("one.png", "folder/two.png", "three.png", "four.jpg")
TEXTS = (
    "A chest x-ray image of a",
    "A chest x-ray image of a heart",
    "A chest x-ray image of a large left-sided pleural effusion with atelectasis",
    "Heart",
)
TOLERANCE = 1e-4
"""How far a number of a unit vector may move with the batch that it is computed in"""


def check_vlm(load: Callable[[], VLM], *, names: Sequence[str] = NAMES, texts: Sequence[str] = TEXTS) -> None:
    """Checks a VLM. `load` returns a new one at each call, on the CPU.

    `names` are four image names, and `texts` at least two texts: give your own where only some can be embedded.
    """
    vlm = load()
    films_of_names: Films = [(film, Image(name)) for film, name in zip(films(), names, strict=True)]
    _check_facts(vlm)
    inputs = _check_preprocess(vlm, films_of_names)
    vectors = _check_images(vlm, inputs)
    encoded = _check_texts(vlm, list(texts))
    again = load()
    expect(again.identity == vlm.identity, "identity must be the same whenever the VLM is loaded")
    same = np.abs(_encoded(again, [again.preprocess(*film) for film in films_of_names]) - vectors).max() <= TOLERANCE
    expect(same, "a VLM of the same identity must give an image the same embedding: is a weight left at random?")
    same = np.abs(again.encode_texts(list(texts)) - encoded).max() <= TOLERANCE
    expect(same, "a VLM of the same identity must give a text the same embedding: is a weight left at random?")


def _check_facts(vlm: VLM) -> None:
    for name in ("name", "identity"):
        value = getattr(vlm, name, None)
        expect(isinstance(value, str) and value, f"{name} must be a text that is not empty, not {value!r}")
    dimension = getattr(vlm, "dimension", None)
    expect(isinstance(dimension, int) and dimension > 0, f"dimension must be a number above 0, not {dimension!r}")
    by_name = getattr(vlm, "by_name", True)
    expect(isinstance(by_name, bool), f"by_name must be True or False, not {by_name!r}")


def _check_preprocess(vlm: VLM, examples: Films) -> list[torch.Tensor]:
    import torch

    before = [film.copy() for film, _ in examples]
    inputs = [vlm.preprocess(*film) for film in examples]
    for tensor in inputs:
        expect(isinstance(tensor, torch.Tensor), f"preprocess must return a tensor, not a {type(tensor).__name__}")
        expect(tensor.dtype == torch.float32, f"preprocess must return float32, not {tensor.dtype}")
        expect(tensor.device.type == "cpu", f"preprocess must return a tensor on the CPU, not on {tensor.device}")
        shapes = f"{list(inputs[0].shape)} and {list(tensor.shape)}"
        expect(tensor.shape == inputs[0].shape, f"preprocess must return one shape for films of any size, not {shapes}")
    unchanged = all(np.array_equal(film, copy) for (film, _), copy in zip(examples, before, strict=True))
    expect(unchanged, "preprocess must not change the film that it is given")
    for results in from_threads(lambda film: vlm.preprocess(*film), examples):
        same = all(map(torch.equal, results, inputs))
        expect(same, "preprocess must return the same input for a film each time, also from several threads at once")
    if not getattr(vlm, "by_name", True):
        renamed = vlm.preprocess(examples[0][0], Image("another name.png"))
        expect(torch.equal(renamed, inputs[0]), "by_name must be True where an input depends on the image's name")
    for film in narrow_films():
        with only(UnreadableImage, f"preprocess of a film of {film.shape[0]} × {film.shape[1]} pixels"):
            vlm.preprocess(film, examples[0][1])
    return inputs


def _check_images(vlm: VLM, inputs: list[torch.Tensor]) -> NDArray[np.float32]:
    vectors = _encoded(vlm, inputs)
    _check_unit_vectors("encode_images", vectors, len(inputs), vlm.dimension)
    again = np.array_equal(_encoded(vlm, inputs), vectors)
    expect(again, "encode_images must give the same batch the same embeddings: is the model in evaluation mode?")
    alone = np.concatenate([_encoded(vlm, [tensor]) for tensor in inputs])
    same = np.abs(alone - vectors).max() <= TOLERANCE
    expect(same, "encode_images must give an image the same embedding in any batch")
    return vectors


def _check_texts(vlm: VLM, texts: list[str]) -> NDArray[np.float32]:
    vectors = vlm.encode_texts(texts)
    expect(isinstance(vectors, np.ndarray), f"encode_texts must return an array, not a {type(vectors).__name__}")
    _check_unit_vectors("encode_texts", vectors, len(texts), vlm.dimension)
    again = np.array_equal(vlm.encode_texts(texts), vectors)
    expect(again, "encode_texts must give the same texts the same embeddings: is the model in evaluation mode?")
    alone = np.concatenate([vlm.encode_texts([text]) for text in texts])
    same = np.abs(alone - vectors).max() <= TOLERANCE
    expect(same, "encode_texts must give a text the same embedding whatever texts are beside it: is padding masked?")
    turned = np.abs(vlm.encode_texts(texts[::-1])[::-1] - vectors).max() <= TOLERANCE
    expect(turned, "encode_texts must return the embeddings in the order of the texts")
    return vectors


def _check_unit_vectors(what: str, vectors: NDArray[np.float32], count: int, dimension: int) -> None:
    expect(vectors.dtype == np.float32, f"{what} must return float32, not {vectors.dtype}")
    shape = (count, dimension)
    expect(vectors.shape == shape, f"{what} must return the shape {list(shape)}, not {list(vectors.shape)}")
    expect(np.isfinite(vectors).all(), f"{what} must return finite numbers")
    lengths = np.linalg.norm(vectors, axis=1)
    worst = lengths[np.abs(lengths - 1).argmax()]
    expect(abs(worst - 1) <= LENGTH_TOLERANCE, f"{what} must return vectors of length 1, not {worst:.4g}")


def _encoded(vlm: VLM, inputs: list[torch.Tensor]) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        vectors = vlm.encode_images(torch.stack(inputs))
    expect(isinstance(vectors, torch.Tensor), f"encode_images must return a tensor, not a {type(vectors).__name__}")
    return vectors.cpu().numpy()
