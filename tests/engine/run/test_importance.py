"""The importance of hidden layers by gradients, as a run keeps it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.probing.decoding import decode
from engine.run import importance_stage
from engine.run.assembly_stage import AssemblyStage
from engine.store.decision_records import OVER
from engine.store.reader import RunReader
from engine.store.work import work_path
from tests.support import models
from tests.support.tiny_runs import compute, counted_calls

FIRST = 'keep.importance=["first"]'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Films with one label each."""
    path = models.tiny_project(tmp_path, films=12)
    rows = [f"{index:03}.png,{'mass' if index % 3 else 'effusion'}" for index in range(12)]
    (tmp_path / "films.csv").write_text("\n".join(["path,labels", *rows]))
    path.write_text(path.read_text().replace('kind = "folder"', 'kind = "csv"\ncsv = "films.csv"'))
    return path


def opened(project: Path) -> RunReader:
    return RunReader(project.with_name("tiny.duckdb"))


def test_the_shares_of_a_hidden_layer_are_those_of_autograd(project: Path) -> None:
    compute(project, FIRST)
    config = load_config(project)
    target = config.target.load(config.base)
    module = target.module.eval()
    with opened(project) as reader:
        films = [config.base / "films" / image.path for image in reader.images(range(reader.image_count))]
        maps = module.first(torch.stack([target.preprocess(decode(film.read_bytes())) for film in films])).detach()
        maps.requires_grad_()
        outputs = module.classifier(module.second(torch.relu(maps)).mean((2, 3)))
        exact = np.stack(
            [
                (maps * torch.autograd.grad(outputs[:, c].sum(), maps, retain_graph=True)[0]).sum((2, 3)).detach()
                for c in range(3)
            ],
            axis=1,
        )
        layer = reader.layer("first").position
        assert reader.important_layers == (layer, reader.layer("penultimate").position)
        names, carried = reader.label_table()
        for over in OVER:
            found = reader.importance(layer, over)
            assert found is not None
            for number, name in enumerate(reader.classes):
                labelled = carried[:, names.index(name)] if name in names else np.zeros(12, bool)
                predicted = outputs[:, number].detach().numpy() >= 0
                kinds = {"all": labelled | True, "labelled": labelled, "predicted": predicted}
                kinds |= {"true positive": predicted & labelled, "missed": labelled & ~predicted}
                kinds["false positive"] = predicted & ~labelled & (name in names)
                assert found.films[number] == kinds[over].sum()
                mean = exact[kinds[over], number].mean(axis=0) if kinds[over].any() else np.zeros(4)
                np.testing.assert_allclose(found.means[number], mean, rtol=1e-4, atol=1e-6)
        for image in range(12):
            [film] = reader.film_importance(image)
            np.testing.assert_array_equal(film.classes, np.argsort(-outputs[image].detach().numpy()))
            of_classes = exact[image, film.classes]
            np.testing.assert_allclose(film.shares, np.take_along_axis(of_classes, film.units, 1), rtol=1e-4, atol=1e-6)
            assert (np.diff(np.abs(film.shares), axis=1) <= 0).all()


def test_where_the_head_is_linear_gradients_say_what_its_weights_say(project: Path) -> None:
    compute(project, 'target.layers=["second", "penultimate", "logits"]', 'keep.importance=["second"]')
    with opened(project) as reader:
        for over in OVER:
            by_gradient, by_weights = (reader.importance(layer, over) for layer in (0, 1))
            if by_weights is None:  # `second` is nearest to the head then
                continue
            assert by_gradient is not None
            np.testing.assert_allclose(by_gradient.means, by_weights.means, rtol=2e-3, atol=1e-5)


def test_a_layer_keeps_its_importance_when_others_come_and_go(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = ('target.layers=["first", "second", "logits"]', 'keep.importance=["first", "second"]')
    one = ('target.layers=["second", "logits"]', 'keep.importance=["second"]')
    compute(project, *both)
    with opened(project) as reader:
        before = reader.importance(1, "all")
    calls = counted_calls(monkeypatch)
    assert "importance" not in compute(project, *one).computed
    assert calls["target"] == []
    assert compute(project, *both).computed["importance"] == 12
    with opened(project) as reader:
        after = reader.importance(1, "all")
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(after.means, before.means)
    assert compute(project, *both, 'probing.rename.mass="hernia"').computed["importance"] == 12


def test_other_class_names_give_other_means_also_where_the_outputs_are_no_layer(project: Path) -> None:
    only = 'target.layers=["first"]'
    compute(project, FIRST, only, 'target.classes=["a", "b", "c"]')
    with opened(project) as reader:
        found = reader.importance(0, "labelled")
        assert found is not None
        assert found.films.tolist() == [0, 0, 0]
    compute(project, FIRST, only)
    with opened(project) as reader:
        found = reader.importance(0, "labelled")
        assert found is not None
        assert found.films.tolist() == [4, 8, 0]


def test_a_model_without_gradients_costs_only_an_importance_that_nobody_asked_for(project: Path) -> None:
    model = "target.factory=tests.support.models:no_gradient_target"
    heard = compute(project, model)
    assert any("importance of hidden layers is not computed: the target model's code has no" in n for n in heard.notes)
    with opened(project) as reader:
        assert reader.outputs is not None
        assert reader.important_layers == ()
        lack = next(lack for lack in reader.missing if lack.what == "importance")
        assert "has no gradients for layer 'logits'" in lack.why
    with pytest.raises(ConfigError, match=r"keep\.importance: the target model's code has no gradients"):
        compute(project, model, FIRST)


@pytest.mark.slow
def test_a_stop_loses_what_was_not_kept_and_nothing_is_computed_twice(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance_stage, "TOGETHER", 4)
    compute(project)
    passes = importance_stage._compute

    def stopping(*given: object) -> None:
        if left:
            left.pop()
            passes(*given)  # type: ignore[arg-type]
        else:
            raise KeyboardInterrupt

    left = [0, 0]
    with monkeypatch.context() as patch:
        patch.setattr(importance_stage, "_compute", stopping)
        with pytest.raises(KeyboardInterrupt):
            compute(project, FIRST)
    calls = counted_calls(monkeypatch)
    heard = compute(project, FIRST)
    assert heard.computed["importance"] == sum(calls["target"]) == 4
    assert calls["images"] == calls["texts"] == []
    with opened(project) as reader:
        before = reader.importance(0, "all"), [reader.film_importance(image)[0].shares for image in range(12)]
    calls["target"].clear()
    compute(project, FIRST, "run.alpha=0.5")
    assert calls["target"] == []
    with opened(project) as reader:
        after = reader.importance(0, "all"), [reader.film_importance(image)[0].shares for image in range(12)]
        assert before[0] is not None
        assert after[0] is not None
        np.testing.assert_array_equal(after[0].means, before[0].means)
        np.testing.assert_array_equal(np.stack(after[1]), np.stack(before[1]))


def test_what_was_damaged_of_kept_shares_is_computed_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(AssemblyStage, "compute", stop)
        with pytest.raises(KeyboardInterrupt):
            compute(project, FIRST)
    with sqlite3.connect(work_path(project.with_name("tiny.duckdb"))) as connection:
        changed = "UPDATE arrays SET shape = '[1]' WHERE rowid = (SELECT max(rowid) - 1 FROM arrays)"
        assert connection.execute(changed).rowcount  # not the last that is kept
    connection.close()
    assert compute(project, FIRST).computed["importance"] == 12


def test_a_head_that_is_not_linear_has_the_last_hidden_layers_importance(project: Path) -> None:
    curved = "target.factory=tests.support.models:curved_target"
    compute(project, curved, 'target.layers=["first", "second", "logits"]')
    with opened(project) as reader:
        assert reader.head is None
        assert reader.important_layers == (1,)
        assert "importance" not in [lack.what for lack in reader.missing]
        found = reader.importance(1, "all")
        assert found is not None
        # Its outputs are of the second degree in this layer, so that the shares add up to twice the output.
        outputs = reader.outputs
        assert outputs is not None
        np.testing.assert_allclose(found.means.sum(axis=1), 2 * outputs.mean(axis=0), rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("frist", r'keep\.importance: "frist" is none of target\.layers\. Did you mean "first"\?'),
        ("logits", r'keep\.importance: "logits" gives the outputs themselves\. Name a layer before it\.'),
        ("xyz", r"The run's layers: first, penultimate\."),
    ],
)
def test_a_layer_that_cannot_be_is_told_before_anything_is_computed(project: Path, name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        compute(project, f'keep.importance=["{name}"]')
    assert not project.with_name("tiny.duckdb.work").exists()
