"""A run file holds the maps of each unit over its strongest films, however the run went."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.config.settings import load_config
from engine.probing.decoding import decode
from engine.run.image_results import ImageResults
from engine.store.parts import Computed
from engine.store.reader import RunReader
from tests.support import models
from tests.support.tiny_runs import Heard, compute, counted_calls

FORMS = (
    "target.factory=tests.support.models:forms_target",
    'target.layers=["first", "last", "tokens", "logits"]',
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return models.tiny_project(tmp_path, films=30)


def maps_of(project: Path) -> dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]]:
    """Neuron -> its images and their maps, as the run file gives them."""
    found = {}
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        for layer in reader.layers:
            for unit in range(layer.units):
                maps = reader.unit_maps(layer.first_neuron + unit)
                if maps is not None:
                    found[f"{layer.name}:{unit}"] = (maps.images, maps.maps)
    return found


def assert_equal(one: Path, other: Path) -> None:
    """But for rounding: a film's activations differ in their last bits with the films beside it in a batch."""
    first, second = maps_of(one), maps_of(other)
    assert first.keys() == second.keys() != set()
    for neuron, (images, maps) in first.items():
        np.testing.assert_array_equal(images, second[neuron][0])
        step = np.ptp(maps, axis=(1, 2), keepdims=True) / 255
        assert (np.abs(maps - second[neuron][1]) <= 1.01 * step).all()


def test_the_maps_are_what_the_layer_gave_over_the_strongest_films(project: Path) -> None:
    compute(project, *FORMS, "keep.top_maps=6")
    config = load_config(project, FORMS)
    target, films = config.target.load(config.base), sorted(project.with_name("films").iterdir())
    inputs = torch.stack([target.preprocess(decode(film.read_bytes())) for film in films])
    whole = torch.cat([inputs, -2 * inputs], dim=1)
    expected = {"first": whole, "last": whole, "tokens": torch.nn.functional.max_pool2d(whole, 4)}
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        for layer in reader.layers[:3]:
            activations = reader.arrays.activations(layer)
            for unit in range(2):
                maps = reader.unit_maps(layer.first_neuron + unit)
                assert maps is not None
                np.testing.assert_array_equal(maps.images, np.argsort(-activations[unit], kind="stable")[:6])
                exact = expected[layer.name][maps.images.tolist(), unit].numpy()
                step = np.ptp(exact, axis=(1, 2), keepdims=True) / 255
                assert (np.abs(maps.maps - exact) <= step / 2 + 1e-5).all()
        assert reader.unit_maps(reader.layers[3].first_neuron) is None
        [lack] = [lack for lack in reader.missing if lack.what == "unit maps"]
        assert lack.why == "What logits gives has no grid of positions that all films share."


def test_a_layer_without_maps_is_not_looked_at_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute(project, *FORMS)
    monkeypatch.setattr(models.Forms, "forward", None)
    compute(project, *FORMS, "run.alpha=0.5")
    assert len(maps_of(project)) == 6


@pytest.mark.slow
def test_batches_change_nothing(project: Path, tmp_path: Path) -> None:
    compute(project, "keep.top_maps=6", "run.batch_size=7")
    other = models.tiny_project(tmp_path / "other", films=30)
    compute(other, "keep.top_maps=6", "run.batch_size=30")
    assert_equal(project, other)


def stopped_after(batches: int, put: Callable[[ImageResults, Computed], None]) -> Callable[..., None]:
    """`ImageResults.put`, which stops the run once it has kept so many batches."""
    left = [batches]

    def keep(results: ImageResults, computed: Computed) -> None:
        put(results, computed)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    return keep


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_without_a_second_look(project: Path, tmp_path: Path) -> None:
    other = models.tiny_project(tmp_path / "other", films=30)
    compute(other, "keep.top_maps=6")
    for batches in (2, 3):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ImageResults, "put", stopped_after(batches, ImageResults.put))
            with pytest.raises(KeyboardInterrupt):
                compute(project, "keep.top_maps=6")
    heard = compute(project, "keep.top_maps=6")
    assert heard.computed["images"] == 10
    assert "activation maps" not in heard.computed
    assert_equal(project, other)


@pytest.mark.slow
def test_other_films_and_other_numbers_of_maps(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only films whose maps no file holds pass, and only through the target model."""
    compute(project, "keep.top_maps=6")
    calls = counted_calls(monkeypatch)

    def again(*overrides: str) -> Heard:
        for counts in calls.values():
            counts.clear()
        heard = compute(project, *overrides)
        assert calls["images"] == calls["texts"] == []
        return heard

    heard = again("keep.top_maps=8")
    assert 0 < heard.computed["activation maps"] == sum(calls["target"]) < 30
    assert "activation maps" not in again("keep.top_maps=6").computed
    strongest = int(maps_of(project)["first:0"][0][0])
    (project.with_name("films") / f"{strongest:03}.png").unlink()
    heard = again("keep.top_maps=6")
    assert 0 < heard.computed["activation maps"] == sum(calls["target"]) < 8
    other = models.tiny_project(tmp_path / "other", films=30)
    (other.with_name("films") / f"{strongest:03}.png").unlink()
    compute(other, "keep.top_maps=6")
    assert_equal(project, other)


@pytest.mark.slow
def test_maps_may_be_left_out_and_added_later(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute(project, "keep.maps=false")
    assert maps_of(project) == {}
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        before = reader.info.content_hash
        [remedy] = [lack.remedy for lack in reader.missing if lack.what == "unit maps"]
        assert remedy == "[keep] maps = true, then mammi run CONFIG.toml"
    calls = counted_calls(monkeypatch)
    heard = compute(project, "keep.top_maps=6")
    assert heard.computed["images"] == sum(calls["target"]) == 30, "they pass once, for the class maps too"
    assert calls["images"] == calls["texts"] == []
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.info.content_hash == before
        assert reader.missing == ()
    other = models.tiny_project(tmp_path / "other", films=30)
    compute(other, "keep.top_maps=6")
    assert_equal(project, other)


def test_a_stop_while_maps_are_added_loses_one_batch(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute(project, "keep.top_maps=1")
    forward, passed = models.TinyClassifier.forward, []

    def stopping(self: models.TinyClassifier, films: torch.Tensor) -> torch.Tensor:
        passed.append(len(films))
        if sum(passed) > 14:
            raise KeyboardInterrupt
        return forward(self, films)

    with monkeypatch.context() as patch:
        patch.setattr(models.TinyClassifier, "forward", stopping)
        with pytest.raises(KeyboardInterrupt):
            compute(project)
    done = 4 * passed[:-1].count(4)
    heard = compute(project)
    assert 0 < heard.computed["activation maps"] <= 30 - done
    assert len(maps_of(project)) == 13
