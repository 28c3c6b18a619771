"""Only what is new is computed: results are kept by image and part, in every file that holds them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.probing.base import Image
from engine.run import assembly_stage
from engine.store.reader import RunReader
from tests.support import models
from tests.support.reuse import CHANGES, Change, Project, Work, away, counted, measured, more, rename, reverse, twice


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_a_changed_run_computes_only_what_is_new(tmp_path: Path, change: Change) -> None:
    assert measured(tmp_path, change) == change.expected


@pytest.mark.parametrize("change", CHANGES[1:13:3], ids=lambda change: change.name)
def test_the_run_beside_it_gives_as_much(tmp_path: Path, change: Change) -> None:
    project = Project(tmp_path)
    project.compute()
    change.films(project)
    second = f"run.out={tmp_path / 'second.duckdb'}"
    assert counted(lambda: project.compute(*change.overrides, second, beside=[project.out])) == change.expected


@pytest.mark.parametrize("change", CHANGES[1:13:3], ids=lambda change: change.name)
def test_an_unfinished_run_gives_as_much(tmp_path: Path, change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(assembly_stage, "assemble", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            project.compute()
    assert not project.out.exists()
    change.films(project)
    work, expected = counted(lambda: project.compute(*change.overrides)), change.expected
    # The maps of films that were among the strongest when they passed are there too.
    assert (work.decodes, work.target) <= (expected.decodes, expected.target)
    assert replace(work, decodes=0, target=0) == replace(expected, decodes=0, target=0)


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def _activations(path: Path) -> dict[str, NDArray[np.float32]]:
    """The activations of each film on the final layer, by its name."""
    with RunReader(path) as reader:
        values = reader.arrays.activations(reader.layer("logits")).T
        images = reader.images(range(reader.image_count))
        assert [image.path for image in images] == list(dict.fromkeys(image.path for image in images))
        return {image.path: row for image, row in zip(images, values, strict=True)}


@pytest.mark.slow
def test_each_film_keeps_its_own_results(tmp_path: Path) -> None:
    """Whatever is added, taken away and reordered."""
    project = Project(tmp_path / "changed")
    project.compute()
    more(project, "007a.png")
    twice(project)
    away(project)
    reverse(project)
    project.compute("run.batch_size=9")
    changed = _activations(project.out)
    project.out.unlink()
    project.compute()
    fresh = _activations(project.out)
    assert list(changed) == list(fresh)
    assert len(changed) == 41
    assert len(np.unique(np.stack(list(changed.values())), axis=0)) == 40
    for name, row in changed.items():
        np.testing.assert_allclose(row, fresh[name], atol=1e-5)


def _by_name(self: models.TinyVLM, film: NDArray[np.uint8], image: Image) -> torch.Tensor:
    return torch.full((1, models.SIDE, models.SIDE), float(image.path.encode()[-5]))


@pytest.mark.slow
def test_a_vlm_that_looks_images_up_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new name is a new embedding, and nothing else; equal films have one for each name."""
    monkeypatch.setattr(models.TinyVLM, "preprocess", _by_name)
    by_name = 'vlm.arguments.blind_to="no film"'
    project = Project(tmp_path)
    project.compute(by_name)
    assert counted(lambda: project.compute(by_name)) == Work()
    assert counted(lambda: project.compute(by_name, "run.alpha=0.8")) == Work()
    rename(project)
    assert counted(lambda: project.compute(by_name)) == Work(1, 0, 0, 1)
    for name in ("0091.png", "0092.png"):
        (project.films / name).write_bytes((project.films / "000.png").read_bytes())
    assert counted(lambda: project.compute(by_name)) == Work(2, 0, 0, 2)
    assert counted(lambda: project.compute(by_name)) == Work()


@pytest.mark.slow
def test_a_vlm_that_looks_up_by_name_and_lacks_some_names(tmp_path: Path) -> None:
    """The film that it sets aside is usable under another name."""
    project = Project(tmp_path)
    blind = "vlm.arguments.blind_to=005.png"
    project.compute(blind)
    assert counted(lambda: project.compute(blind, "run.alpha=0.8")) == Work()
    twice(project)
    assert counted(lambda: project.compute(blind)) == Work(1, 1, 1, 1)
    with RunReader(project.out) as reader:
        assert [aside.path for aside in reader.set_aside()] == ["005.png"]
        assert reader.image_count == 40


@pytest.mark.slow
def test_an_image_that_one_layer_sets_aside_is_usable_without_that_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = models.TinyClassifier.forward

    def poisoned(self: models.TinyClassifier, films: torch.Tensor) -> torch.Tensor:
        logits = forward(self, films).clone()
        logits[films.mean((1, 2, 3)) == films.mean((1, 2, 3)).max(), 0] = torch.inf
        return logits

    project = Project(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(models.TinyClassifier, "forward", poisoned)
        project.compute()
    with RunReader(project.out) as reader:
        aside = reader.set_aside()
    assert {image.reason for image in aside} == {"not a finite number: logits:0"}
    assert counted(lambda: project.compute("run.alpha=0.8")) == Work()
    count = len(aside)
    assert counted(lambda: project.compute('target.layers=["first"]')) == Work(count, count, count, count)
    with RunReader(project.out) as reader:
        assert (reader.image_count, reader.set_aside()) == (40, [])


@pytest.mark.slow
def test_a_broken_film_is_decoded_once(tmp_path: Path) -> None:
    project = Project(tmp_path)
    (project.films / "005.png").write_bytes(b"no film")
    assert counted(project.compute) == Work(40, 39, 39, 39, 6)
    assert counted(lambda: project.compute("run.alpha=0.8")) == Work()
    assert counted(lambda: project.compute("target.pooling=max")) == Work(40, 0, 39)
