"""What a run keeps to connect neurons to decisions: outputs, head inputs, class maps, films by row, importance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.config.settings import load_config
from engine.probing.decoding import decode
from engine.progress import Silent
from engine.run import assembly_stage, image_pass
from engine.run.image_pass import ImagePass
from engine.run.pipeline import run
from engine.store.decision_records import OVER, ROW_ERROR
from engine.store.parts import CLASS_MAPS, HEAD_INPUTS, OUTPUTS, Computed
from engine.store.reader import RunReader
from engine.targets.preprocessing import Preprocessing
from tests.support import models
from tests.support.resealed import changed
from tests.support.tiny_runs import compute, counted_calls

LAST = {OUTPUTS, HEAD_INPUTS, CLASS_MAPS}
CONVOLUTIONS = ("target.factory=tests.support.models:tiny_convolutions", 'target.layers=["first", "logits"]')
NO_LAYER = 'target.layers=["first", "logits"]'
"""Layers that do not give the head's inputs"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return labelled(models.tiny_project(tmp_path))


def labelled(project: Path) -> Path:
    """Films 0, 3, 6 … are labelled "Effusion", films 1, 4, 7 … "mass" and the others "rib"."""
    films = project.parent / "films"
    names = sorted(film.name for film in films.iterdir())
    rows = [f"{name},{('Effusion', 'mass', 'rib')[place % 3]}" for place, name in enumerate(names)]
    (films / "films.csv").write_text("\n".join(["path,labels", *rows]))
    text = project.read_text().replace('kind = "folder"\nfolder = "films"', 'kind = "csv"\ncsv = "films/films.csv"')
    project.write_text(text)
    return project


def out(project: Path) -> Path:
    return project.with_name("tiny.duckdb")


def by_hand(project: Path) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """The outputs, the head's inputs and the class maps of all films, in the run's order."""
    module, preprocess = models.tiny_target().eval(), Preprocessing(size=32, crop=32, channels=1)
    with RunReader(out(project)) as reader:
        names = [image.path for image in reader.images(range(reader.image_count))]
    films = torch.stack([preprocess(decode((project.parent / "films" / name).read_bytes())) for name in names])
    with torch.inference_mode():
        maps = module.second(module.relu(module.first(films)))
        class_maps = torch.einsum("cu,nuhw->nchw", module.classifier.weight, maps)
        class_maps += module.classifier.bias[:, None, None]
        return module(films).numpy(), maps.mean((2, 3)).numpy(), class_maps.numpy()


def parts_made(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """The name of each part of an image that runs compute from now on -> for how many images."""
    made: dict[str, int] = {}
    whole = ImagePass.finish

    def counting(self: ImagePass, images: Any) -> Computed:
        computed = whole(self, images)
        names = {key: name for name, key in self._parts.by_name().items()}
        for rows in (computed.films, *computed.vectors):
            if rows.images:
                made[names[rows.part]] = made.get(names[rows.part], 0) + len(rows.images)
        return computed

    monkeypatch.setattr(ImagePass, "finish", counting)
    return made


@pytest.mark.parametrize("layers", ['target.layers=["first", "penultimate", "logits"]', NO_LAYER])
def test_a_run_file_holds_the_outputs_and_what_they_are_made_of(project: Path, layers: str) -> None:
    compute(project, layers)
    outputs, inputs, maps = by_hand(project)
    with RunReader(out(project)) as reader:
        head = reader.head
        assert head is not None
        assert reader.outputs is not None
        assert (reader.classes, reader.probabilities) == (("effusion", "mass", "hernia"), "sigmoid")
        np.testing.assert_allclose(reader.outputs, outputs, rtol=1e-5, atol=1e-6)
        for image in range(reader.image_count):
            held = reader.head_inputs(image)
            assert held is not None
            np.testing.assert_allclose(held, inputs[image], rtol=ROW_ERROR, atol=1e-7)
            for number in range(3):
                found, exact = reader.class_map(image, number), maps[image, number]
                assert found is not None
                step = (exact.max() - exact.min()) / 255
                np.testing.assert_allclose(found, exact, atol=0.51 * step)
                assert found.mean() == pytest.approx(outputs[image, number], abs=0.51 * float(step))
        missing = {lack.what: lack.remedy for lack in reader.missing}
    assert ['"penultimate" in target.layers' in remedy for remedy in missing.values()] == [True] * (layers == NO_LAYER)


def test_what_differs_from_the_mean_sums_to_what_the_output_differs_from_its_mean(project: Path) -> None:
    """w_ci · (h_i − mean h_i) over the units = output − mean output, but for the rounding of what is kept."""
    compute(project)
    with RunReader(out(project)) as reader:
        head, outputs = reader.head, reader.outputs
        assert head is not None
        assert outputs is not None
        kept = np.stack([reader.head_inputs(image) for image in range(reader.image_count)])  # type: ignore[misc]
    np.testing.assert_allclose(head.mean, kept.astype(np.float64).mean(axis=0), rtol=1e-12)
    shares = head.weights[None] * (kept - head.mean)[:, None]
    allowed = 2 * ROW_ERROR * (np.abs(head.weights) @ np.abs(kept).max(axis=0)).max()
    np.testing.assert_allclose(shares.sum(axis=2), outputs - outputs.mean(axis=0), atol=allowed)


def test_the_rows_of_films_are_the_activations_by_neuron(project: Path) -> None:
    compute(project)
    with RunReader(out(project)) as reader:
        exact = np.concatenate([reader.arrays.activations(layer).T for layer in reader.layers], axis=1)
        for image, row in enumerate(exact):
            held = reader.film_activations(image)
            assert held is not None
            np.testing.assert_allclose(held, row, rtol=ROW_ERROR)


def test_importance_is_the_mean_over_the_films_of_each_kind(project: Path) -> None:
    """ "Effusion" is the class "effusion"; "hernia" is no label here, so that no film is a false positive for it."""
    compute(project, "target.threshold=0.5")
    outputs, inputs, _ = by_hand(project)
    with RunReader(out(project)) as reader:
        labels = np.array([image.labels[0] for image in reader.images(range(14))])
        carries = np.stack([labels == "Effusion", labels == "mass", np.zeros(14, bool)], axis=1)
        predicted = outputs >= 0
        kinds = {
            "all": np.ones_like(carries),
            "labelled": carries,
            "predicted": predicted,
            "true positive": carries & predicted,
            "false positive": ~carries & predicted & [True, True, False],
            "missed": carries & ~predicted,
        }
        weights = models.tiny_target().classifier.weight.detach().numpy()
        (layer,) = reader.important_layers
        assert reader.layers[layer].name == "penultimate"
        for over in OVER:
            found = reader.importance(layer, over)
            assert found is not None
            assert found.films.tolist() == kinds[over].sum(axis=0).tolist()
            for number in range(3):
                some = inputs[kinds[over][:, number]]
                mean = weights[number] * some.mean(axis=0) if len(some) else np.zeros(6)
                np.testing.assert_allclose(found.means[number], mean, atol=ROW_ERROR * np.abs(weights).max())


def test_one_films_outputs_do_not_depend_on_its_batch(project: Path, tmp_path: Path) -> None:
    compute(project, "run.batch_size=1")
    other = tmp_path / "other.duckdb"
    compute(project, "run.batch_size=14", f"run.out={other}")
    with RunReader(out(project)) as one, RunReader(other) as together:
        assert one.outputs is not None
        assert together.outputs is not None
        np.testing.assert_allclose(one.outputs, together.outputs, rtol=1e-5, atol=1e-6)


def _without_decisions(path: Path) -> None:
    """Makes of a run file one that an earlier version has written."""
    with changed(path) as connection:
        for table in ("classes", "decision_facts", "heads", "row_scales", "film_outputs", "film_activations"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
        for table in ("head_inputs", "film_maps", "map_sizes", "unit_maps", "importance", "film_importance"):
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
        connection.execute("DELETE FROM parts WHERE name IN ('outputs', 'head inputs', 'class maps')")
        connection.execute("DELETE FROM stages WHERE name = 'last part' OR name LIKE 'maps %'")


@pytest.mark.slow
def test_a_run_file_without_them_gains_them_and_nothing_else_is_computed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compute(project)
    with RunReader(out(project)) as reader:
        before = reader.info.content_hash
        whole = reader.outputs
    _without_decisions(out(project))
    with RunReader(out(project)) as reader:
        assert reader.outputs is None
        assert [lack.remedy for lack in reader.missing] == ["mammi run CONFIG.toml"]
    calls, made = counted_calls(monkeypatch), parts_made(monkeypatch)
    compute(project)
    assert made == dict.fromkeys(LAST, 14)
    assert (calls["images"], calls["texts"]) == ([], [])
    with RunReader(out(project)) as reader:
        np.testing.assert_array_equal(reader.outputs, whole)
        assert (reader.missing, reader.info.content_hash) == ((), before)
    assert compute(project).notes == [f"{out(project)} is up to date."]


def contents(path: Path) -> dict[str, list[Any]]:
    """The tables of a run file but for when it was made."""
    with duckdb.connect(path, read_only=True) as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        found = {
            name: connection.execute(f"FROM {name}").fetchall()
            for name in tables
            if name not in ("meta", "schema_version", "column_sums")
        }
    with RunReader(path) as reader:
        return {**found, "whole": [reader.whole_hash]}


@pytest.mark.slow
@pytest.mark.parametrize(("after", "layers"), [(1, NO_LAYER), (3, 'target.layers=["first", "penultimate"]')])
def test_a_stopped_run_goes_on_to_the_same_file(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int, layers: str
) -> None:
    compute(project, layers)
    whole = contents(out(project))
    out(project).unlink()
    batches: Iterator[int] = iter(range(after))
    passed = ImagePass.finish

    def stopping(self: ImagePass, images: Any) -> Computed:
        if next(batches, None) is None:
            raise KeyboardInterrupt
        return passed(self, images)

    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(image_pass.ImagePass, "finish", stopping)
        with pytest.raises(KeyboardInterrupt):
            compute(project, layers)
    with monkeypatch.context() as patch:
        patch.setattr(assembly_stage, "assemble", stopped)
        with pytest.raises(KeyboardInterrupt):
            compute(project, layers)
    compute(project, layers)
    assert contents(out(project)) == whole


@pytest.mark.slow
@pytest.mark.parametrize("layers", ['target.layers=["first", "penultimate"]', NO_LAYER])
def test_what_a_finished_file_gives_back_is_what_it_was_given(project: Path, layers: str) -> None:
    compute(project, layers)
    whole = contents(out(project))
    compute(project, layers, "run.alpha=0.5")
    again = contents(out(project))
    changed = {name for name in whole if again[name] != whole[name]}
    assert changed == {"stages", "neurons", "own_means", "annotated_concepts", "whole"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        (("keep.maps=false",), (), {CLASS_MAPS: 14}),
        (("keep.films=false",), (), {HEAD_INPUTS: 14}),
        ((), ("keep.maps=false", "keep.films=false"), {}),
        ((), ("target.threshold=0.4", "target.probabilities=softmax"), {}),
        ((), ("target.probabilities=none",), dict.fromkeys(LAST, 14)),
    ],
)
def test_only_what_a_setting_determines_is_made(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: tuple[str, ...],
    then: tuple[str, ...],
    expected: dict[str, int],
) -> None:
    compute(project, *first)
    made = parts_made(monkeypatch)
    compute(project, *then)
    assert made == expected


def test_what_keep_leaves_out_is_not_there_and_is_told(project: Path) -> None:
    compute(project, "keep.maps=false", "keep.films=false", NO_LAYER)
    with RunReader(out(project)) as reader:
        assert reader.outputs is not None
        assert reader.head is not None
        assert np.isnan(reader.head.mean).all()
        assert (reader.film_activations(0), reader.head_inputs(0), reader.class_map(0, 0)) == (None, None, None)
        told = {lack.what: lack.remedy for lack in reader.missing}
    assert told["films"] == "[keep] films = true, then mammi run CONFIG.toml"
    assert told["class maps"] == "[keep] maps = true, then mammi run CONFIG.toml"
    assert "importance" in told
    with duckdb.connect(out(project), read_only=True) as connection:
        for table in ("film_activations", "head_inputs", "film_maps", "importance", "row_scales"):
            assert connection.execute(f"FROM {table}").fetchall() == [], table


def test_no_line_is_said_to_add_what_the_model_cannot_give(project: Path) -> None:
    compute(project, "target.factory=tests.support.models:spare_head_target", "keep.maps=false")
    with RunReader(out(project)) as reader:
        told = {lack.what: (lack.why, lack.remedy) for lack in reader.missing}
        assert reader.head is not None
    assert told["class maps"] == ("The head's inputs are not the averages of maps over the positions.", "")
    assert told["importance"][1].startswith("the layer before the head in target.layers, or [keep] importance = [")


def test_a_model_without_a_linear_head_keeps_its_outputs_and_says_so(project: Path) -> None:
    compute(project, *CONVOLUTIONS)
    with RunReader(out(project)) as reader:
        assert reader.outputs is not None
        np.testing.assert_allclose(reader.outputs.T, reader.arrays.activations(reader.layer("logits")), rtol=1e-6)
        assert (reader.head, reader.head_inputs(0), reader.class_map(0, 0)) == (None, None, None)
        assert {lack.what: lack.remedy for lack in reader.missing}.items() >= {("head", ""), ("class maps", "")}
    assert compute(project, *CONVOLUTIONS).notes[0].endswith("up to date.")


def test_importance_needs_no_rows_where_a_layer_is_the_heads_input(project: Path) -> None:
    compute(project, "keep.films=false")
    with RunReader(out(project)) as reader:
        assert reader.importance(1, "all") is not None
        assert {lack.what for lack in reader.missing} == {"films"}


def test_a_softmax_predicts_the_highest(project: Path) -> None:
    compute(project, "target.probabilities=softmax")
    outputs, _, _ = by_hand(project)
    with RunReader(out(project)) as reader:
        found = reader.importance(1, "predicted")
        assert found is not None
        assert found.films.tolist() == np.bincount(outputs.argmax(axis=1), minlength=3).tolist()


def test_an_output_that_is_no_number_sets_its_image_aside(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = models.TinyClassifier.forward

    def poisoned(self: models.TinyClassifier, films: torch.Tensor) -> torch.Tensor:
        maps = self.second(self.relu(self.first(films))).mean((2, 3))
        if len(films) == 4:
            maps[1] = torch.nan
        return self.classifier(maps)

    monkeypatch.setattr(models.TinyClassifier, "forward", poisoned)
    heard = compute(project, 'target.layers=["first"]')
    monkeypatch.setattr(models.TinyClassifier, "forward", forward)
    assert "3 of 14 images set aside" in heard.notes[-1]
    assert "not a finite number: its outputs" in heard.notes[-1]
    with RunReader(out(project)) as reader:
        assert reader.outputs is not None
        assert len(reader.outputs) == 11


def test_layers_without_trained_weights_give_outputs_without_names(project: Path) -> None:
    text = (
        project.read_text()
        .replace("tiny_target", "half_trained_target")
        .replace('classes = ["effusion", "mass", "hernia"]\n', 'arguments = { untrained = ["classifier.weight"] }\n')
    )
    project.write_text(text.replace("preprocessing = { size = 32, crop = 32, channels = 1 }\n", ""))
    run(load_config(project), Silent())
    with RunReader(out(project)) as reader:
        assert reader.classes == ("0", "1", "2")
        assert reader.outputs is not None
