"""What goes through the models in a run: errors of their own code in one line, and the statistics of the inputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.config.settings import load_config
from engine.errors import MammiError
from engine.probing.decoding import decode
from engine.progress import Silent
from engine.run.pipeline import run
from engine.store.reader import RunReader
from engine.targets.preprocessing import Preprocessing
from tests.support import models


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return models.tiny_project(tmp_path)


def compute(project: Path, *overrides: str) -> None:
    run(load_config(project, overrides), Silent())


def fails(*_: Any) -> Any:
    raise KeyError("windowing")


@pytest.mark.parametrize(
    ("owner", "method", "message"),
    [
        (Preprocessing, "__call__", r"target: preprocessing 000\.png failed: KeyError: 'windowing'\."),
        (models.TinyVLM, "preprocess", r"vlm: preprocessing 000\.png failed: KeyError: 'windowing'\."),
        (models.TinyVLM, "encode_images", r"vlm: the model failed on a batch of shape \[4, 1, 32, 32\]: KeyError: "),
        (models.TinyVLM, "encode_texts", r"vlm: encoding texts failed: KeyError: 'windowing'\."),
        (
            models.TinyClassifier,
            "forward",
            r"target: the model failed on a batch of shape \[1, 1, 32, 32\]: KeyError: ",
        ),
    ],
)
def test_whatever_a_models_own_code_raises_is_told_in_one_line(
    owner: type, method: str, message: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner, method, fails)
    with pytest.raises(MammiError, match=message) as raised:
        compute(project)
    assert len(str(raised.value).splitlines()) == 1
    assert isinstance(raised.value.__cause__, KeyError)


def test_embeddings_of_another_dimension_are_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.TinyVLM, "encode_images", lambda _, batch: batch.flatten(1))
    with pytest.raises(MammiError, match=r"tiny VLM gives embeddings of shape \(4, 1024\) in place of \(4, 8\)"):
        compute(project)


@pytest.mark.parametrize("method", ["encode_images", "encode_texts"])
def test_embeddings_that_are_not_normalised_are_told(
    method: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = getattr(models.TinyVLM, method)
    monkeypatch.setattr(models.TinyVLM, method, lambda vlm, given: 3 * encode(vlm, given))
    with pytest.raises(MammiError, match=r"tiny VLM gives embeddings of length 3 in place of 1: normalise them\."):
        compute(project)


def test_text_embeddings_of_another_dimension_are_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = models.TinyVLM.encode_texts
    monkeypatch.setattr(models.TinyVLM, "encode_texts", lambda vlm, texts: encode(vlm, texts)[:, :5])
    with pytest.raises(MammiError, match=r"tiny VLM gives embeddings of shape \(\d+, 5\) in place of \(\d+, 8\)"):
        compute(project)


def test_a_preprocess_of_films_of_several_sizes_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    models.write_film(project.parent / "films" / "001.png", seed=1, side=60)
    monkeypatch.setattr(Preprocessing, "__call__", lambda _, film: torch.from_numpy(film.astype(np.float32))[None])
    with pytest.raises(MammiError, match=r"target: the inputs of a batch cannot be stacked: RuntimeError: stack"):
        compute(project)


def test_how_the_targets_inputs_look_is_kept(project: Path) -> None:
    """Also of batches that a resumed run takes over."""
    compute(project)
    films = [decode(path.read_bytes()) for path in sorted((project.parent / "films").glob("*.png"))]
    made = np.stack([Preprocessing(size=32, crop=32, channels=1)(film).numpy() for film in films])
    for overrides in ((), ("run.alpha=0.5",)):
        compute(project, *overrides)
        with RunReader(project.parent / "tiny.duckdb") as reader:
            looks = np.stack(list(reader.input_statistics().values()), axis=1)
        flat = made.reshape(len(made), -1)
        expected = np.stack([flat.min(1), flat.max(1), flat.mean(1), flat.std(1)], axis=1)
        np.testing.assert_allclose(looks, expected, rtol=1e-4, atol=1e-5)
