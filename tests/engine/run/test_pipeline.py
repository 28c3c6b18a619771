"""A run ends in the same content whatever happens on the way, and computes nothing twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.config.settings import load_config
from engine.errors import ConfigError, MammiError, RunFileError
from engine.probing.base import Image
from engine.probing.suffixes import FORMATS
from engine.run import loading
from engine.run.pipeline import run
from engine.store.reader import RunReader
from tests.shared import ROOT
from tests.support import models
from tests.support.models import tiny_project, write_film
from tests.support.tiny_runs import Heard, compute, counted_calls


def content(project: Path) -> str:
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        return reader.info.content_hash


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[int]]:
    return counted_calls(monkeypatch)


def test_a_run_file_holds_what_the_models_give(project: Path) -> None:
    heard = compute(project)
    assert heard.computed == {"loading": 4, "concepts": 6, "images": 14, "run file": 14 + 4 + 6 + 3 + 14}
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert [(layer.name, layer.units, layer.pooling) for layer in reader.layers] == [
            ("first", 4, "mean"),
            ("penultimate", 6, "mean"),
            ("logits", 3, "mean"),
        ]
        assert reader.layers[2].unit_names == ("effusion", "mass", "hernia")
        assert reader.image_count == 14
        assert reader.concepts == ("effusion", "mass", "heart", "rib", "opacity")
        assert reader.info.config["run"]["batch_size"] == 4
        assert reader.info.versions["torch"] == torch.__version__.split("+")[0]
    activations, embeddings = stored(project)
    loaded = load_config(project)
    target, vlm = loaded.target.load(loaded.base), models.tiny_vlm(torch.device("cpu"))
    film = np.asarray(models.Image.open(project.parent / "films" / "005.png"))
    with torch.inference_mode():
        logits = target.module.eval()(target.preprocess(film)[None])[0].numpy()
        embedding = vlm.encode_images(vlm.preprocess(film, Image(""))[None])[0].numpy()
    np.testing.assert_allclose(activations["logits"][5], logits, atol=1e-6)
    np.testing.assert_allclose(embeddings[5], embedding, atol=1e-6)


def stored(project: Path) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.float32]]:
    """Activations by layer [p, units] and embeddings [p, d] of the run file."""
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        arrays = reader.arrays
        return {layer.name: arrays.activations(layer).T for layer in reader.layers}, arrays.image_embeddings()


def test_no_hook_is_left_on_the_model(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[torch.nn.Module] = []
    make = models.tiny_target
    monkeypatch.setattr(models, "tiny_target", lambda **given: made.append(make(**given)) or made[-1])
    monkeypatch.setattr(models.TinyVLM, "encode_images", lambda _, batch: batch.nothing)
    with pytest.raises(MammiError, match=r"vlm: the model failed on a batch of shape \[4, 1, 32, 32\]: \w+Error: "):
        compute(project)
    monkeypatch.undo()
    monkeypatch.setattr(models, "tiny_target", lambda **given: made.append(make(**given)) or made[-1])
    compute(project)
    assert len(made) == 2
    for module in made:
        assert not any(child._forward_hooks or child._forward_pre_hooks for child in module.modules())


@pytest.mark.parametrize("batch_size", [1, 5, 14, 100])
def test_batch_size_does_not_change_the_activations(project: Path, batch_size: int) -> None:
    compute(project)
    activations, embeddings = stored(project)
    project.with_name("tiny.duckdb").unlink()
    compute(project, f"run.batch_size={batch_size}")
    for layer, values in stored(project)[0].items():
        np.testing.assert_allclose(values, activations[layer], atol=1e-5)
    np.testing.assert_allclose(stored(project)[1], embeddings, atol=1e-6)


def test_a_second_run_computes_nothing(
    project: Path, calls: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    decode = loading.decode
    monkeypatch.setattr(loading, "decode", lambda data: decoded.append(len(data)) or decode(data))
    compute(project)
    assert len(decoded) == 14
    assert calls == {"target": [4, 4, 4, 2], "images": [4, 4, 4, 2], "texts": [6]}
    written = project.with_name("tiny.duckdb").stat().st_mtime_ns
    heard = compute(project)
    assert sum(map(len, calls.values())) == 9
    assert len(decoded) == 14
    assert heard.notes == [f"{project.with_name('tiny.duckdb')} is up to date."]
    assert project.with_name("tiny.duckdb").stat().st_mtime_ns == written
    assert sorted(path.name for path in project.parent.iterdir()) == [
        "concepts.txt",
        "films",
        "tiny.duckdb",
        "tiny.toml",
    ]


def test_changed_concepts_encode_the_new_texts_only(project: Path, calls: dict[str, list[int]]) -> None:
    compute(project)
    (project.parent / "concepts.txt").write_text("heart\nnodule\nmass\nedema\n")
    compute(project)
    assert calls == {"target": [4, 4, 4, 2], "images": [4, 4, 4, 2], "texts": [6, 2]}
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.concepts == ("heart", "nodule", "mass", "edema")
    changed = content(project)
    project.with_name("tiny.duckdb").unlink()
    compute(project)
    assert content(project) == changed


@pytest.mark.slow
@pytest.mark.parametrize(
    ("override", "target", "images", "texts"),
    [
        ("run.alpha=0.8", 0, 0, 0),
        ("run.beta=0.8", 0, 0, 0),
        ("run.template=A film of a", 0, 0, 6),
        ("target.pooling=max", 4, 0, 0),
        ('target.layers=["logits"]', 0, 0, 0),
        ("target.arguments.seed=1", 4, 0, 0),
        ("target.preprocessing.mean=0.4", 4, 0, 0),
        ("vlm.arguments.seed=2", 0, 4, 6),
        ("run.mixed_precision=true", 4, 4, 0),
        ("run.thumbnail_size=200", 0, 0, 0),
        ("run.batch_size=5", 0, 0, 0),
        ("keep.embeddings=f16", 0, 0, 0),
    ],
)
def test_only_what_a_setting_determines_is_computed_again(
    project: Path, calls: dict[str, list[int]], override: str, target: int, images: int, texts: int
) -> None:
    compute(project)
    for counted in calls.values():
        counted.clear()
    before = content(project)
    compute(project, override)
    assert (len(calls["target"]), len(calls["images"]), sum(calls["texts"])) == (target, images, texts)
    after = content(project)
    assert (after != before) or override in ("run.thumbnail_size=200", "run.batch_size=5")  # no film is as large
    project.with_name("tiny.duckdb").unlink()
    compute(project, override)
    assert content(project) == after


@pytest.mark.slow
def test_a_run_file_beside_gives_what_it_holds_of_another_run(project: Path, calls: dict[str, list[int]]) -> None:
    """One VLM each, as in a matrix of them: the target model and the texts of a VLM are computed once."""
    compute(project)
    second = project.with_name("second.duckdb")
    alone = [f"run.out={second}", "vlm.arguments.seed=2"]
    compute(project, *alone)
    with RunReader(second) as reader:
        expected = reader.info.content_hash
    second.unlink()
    for counted in calls.values():
        counted.clear()
    run(load_config(project, alone), Heard(), beside=[project.with_name("tiny.duckdb")])
    assert calls == {"target": [], "images": [4, 4, 4, 2], "texts": [6]}
    with RunReader(second) as reader:
        assert reader.info.content_hash == expected
    third = load_config(project, [f"run.out={project.with_name('third.duckdb')}", "vlm.arguments.seed=2"])
    run(third, Heard(), beside=[project.with_name("tiny.duckdb"), second])
    assert calls == {"target": [], "images": [4, 4, 4, 2], "texts": [6]}


def test_a_run_goes_on_without_a_damaged_run_file_beside(project: Path) -> None:
    damaged, heard = project.with_name("beside.duckdb"), Heard()
    damaged.write_bytes(b"no run file" * 9000)
    run(load_config(project), heard, beside=[damaged])
    assert heard.notes[0].startswith(f"warning: {damaged}: not a readable DuckDB file")
    assert heard.notes[0].endswith("The run goes on without this file.")


def test_a_changed_film_alone_is_computed_again(project: Path, calls: dict[str, list[int]]) -> None:
    compute(project)
    before = content(project)
    write_film(project.parent / "films" / "005.png", seed=99)
    compute(project)
    assert calls["target"] == [4, 4, 4, 2, 1]
    assert content(project) != before


def test_changed_labels_compute_nothing_but_are_stored(project: Path, calls: dict[str, list[int]]) -> None:
    compute(project)
    rows = [f"{index:03}.png,{'Mass' if index == 5 else ''}" for index in range(14)]
    (project.parent / "labels.csv").write_text("\n".join(["path,labels", *rows]))
    compute(project, "probing.kind=csv", "probing.csv=labels.csv")
    assert len(calls["target"]) == 4
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.images([5])[0].labels == ("Mass",)


def test_a_run_that_raised_goes_on_where_it_was(
    project: Path, calls: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    encode = models.TinyVLM.encode_images

    def third_fails(self: models.TinyVLM, batch: torch.Tensor) -> torch.Tensor:
        if len(calls["target"]) == 3:
            raise KeyboardInterrupt
        return encode(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(models.TinyVLM, "encode_images", third_fails)
        with pytest.raises(KeyboardInterrupt):
            compute(project)
    assert not project.with_name("tiny.duckdb").exists()
    heard = compute(project)
    assert heard.computed["images"] == 6
    assert calls["target"] == [4, 4, 4, 4, 2]  # a batch is kept whole or not at all
    assert calls["images"] == [4, 4, 4, 2]
    resumed = content(project)
    project.with_name("tiny.duckdb").unlink()
    compute(project)
    assert content(project) == resumed


def test_an_unfinished_run_outlives_one_that_has_nothing_to_do(
    project: Path, calls: dict[str, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    compute(project)
    encode = models.TinyVLM.encode_images

    def second_fails(self: models.TinyVLM, batch: torch.Tensor) -> torch.Tensor:
        if len(calls["images"]) == 5:
            raise KeyboardInterrupt
        return encode(self, batch)

    other = "vlm.arguments.seed=7"
    with monkeypatch.context() as patch:
        patch.setattr(models.TinyVLM, "encode_images", second_fails)
        with pytest.raises(KeyboardInterrupt):
            compute(project, other)
    assert compute(project).notes[-1].endswith("is up to date.")
    assert compute(project, other).computed["images"] == 10
    assert not project.with_name("tiny.duckdb.work").exists()


def started(project: Path) -> subprocess.Popen[bytes]:
    code = (
        "import sys, pathlib; from engine.config.settings import load_config; from engine.progress import Silent; "
        "from engine.run.pipeline import run; run(load_config(pathlib.Path(sys.argv[1])), Silent())"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(project)], cwd=ROOT)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    while not condition() and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.slow
def test_killed_at_any_point_the_next_run_ends_with_the_same_content(tmp_path: Path) -> None:
    whole = tiny_project(tmp_path / "whole", films=120)
    compute(whole)
    project = tiny_project(tmp_path / "killed", films=120)
    out, work = project.with_name("tiny.duckdb"), project.with_name("tiny.duckdb.work")
    rng = np.random.default_rng(int.from_bytes(os.urandom(4)))
    for delay in [0.0, *rng.uniform(0, 0.6, 4)]:
        process = started(project)
        wait_until(work.exists, process)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if out.exists():
            assert content(project) == content(whole)
            out.unlink()
    compute(project)
    assert content(project) == content(whole)
    assert sorted(path.name for path in project.parent.iterdir()) == [
        "concepts.txt",
        "films",
        "tiny.duckdb",
        "tiny.toml",
    ]


def test_two_runs_of_one_file_do_not_meet(project: Path) -> None:
    code = (
        "import sys, pathlib; from engine.store.work import WorkFile; work = WorkFile(pathlib.Path(sys.argv[1])); "
        "print('held', flush=True); sys.stdin.read()"
    )
    path = project.with_name("tiny.duckdb.work")
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        with pytest.raises(RunFileError, match=r"tiny.duckdb.work: process \d+ .* is writing it"):
            compute(project)
    finally:
        holder.communicate()
    compute(project)


def test_broken_images_are_set_aside_with_their_reason(project: Path) -> None:
    films = project.parent / "films"
    (films / "003.png").write_bytes(b"no film")
    (films / "007.png").write_bytes((films / "007.png").read_bytes()[:300])
    heard = compute(project)
    [note] = heard.notes
    assert note.startswith(f"2 of 14 images set aside: 003.png: not a {FORMATS} file; 007.png: damaged: ")
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.image_count == 12
        assert [(image.path, image.reason[:7]) for image in reader.set_aside()] == [
            ("003.png", "not a P"),
            ("007.png", "damaged"),
        ]
    activations, _ = stored(project)
    clean = tiny_project(project.parent / "clean")
    for name in ("003.png", "007.png"):
        (clean.parent / "films" / name).unlink()
    compute(clean)
    np.testing.assert_allclose(activations["logits"], stored(clean)[0]["logits"], atol=1e-6)


@pytest.mark.slow
def test_an_image_set_aside_by_one_model_is_so_in_the_run_until_that_model_is_changed(
    project: Path, calls: dict[str, list[int]]
) -> None:
    """Only what the run file cannot hold is computed again: the other model's parts of that image."""
    clear = 'vlm.arguments.blind_to=""'
    compute(project, clear)
    activations, embeddings = stored(project)
    project.with_name("tiny.duckdb").unlink()
    heard = compute(project, "vlm.arguments.blind_to=005.png")
    assert heard.notes == ["1 of 14 images set aside: 005.png: not for this VLM"]
    for counted in calls.values():
        counted.clear()
    assert compute(project, "vlm.arguments.blind_to=005.png").computed["images"] == 0
    compute(project, clear)
    assert (calls["target"], calls["images"]) == ([1], [4, 4, 4, 2])
    np.testing.assert_allclose(stored(project)[0]["logits"], activations["logits"], atol=1e-6)
    np.testing.assert_allclose(stored(project)[1], embeddings, atol=1e-6)


def test_a_film_is_decoded_once_for_both_models_and_once_for_one(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    decode = loading.decode
    monkeypatch.setattr(loading, "decode", lambda data: decoded.append(len(data)) or decode(data))
    for override, films in [("run.alpha=0.93", 14), ("vlm.arguments.seed=2", 14), ("run.alpha=0.5", 14)]:
        decoded.clear()
        compute(project, override)
        assert len(decoded) == films, override


def test_a_batch_of_broken_images_only(project: Path) -> None:
    for index in range(4):
        (project.parent / "films" / f"{index:03}.png").write_bytes(b"")
    compute(project)
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.image_count == 10
        assert len(reader.set_aside()) == 4


def test_no_usable_image(project: Path) -> None:
    for film in (project.parent / "films").iterdir():
        film.write_bytes(b"")
    with pytest.raises(MammiError, match=r"None of the 14 images can be used; the first is 000.png: the file is empty"):
        compute(project)
    assert not project.with_name("tiny.duckdb").exists()


def test_an_image_without_a_finite_activation_is_set_aside(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forward = models.TinyClassifier.forward

    def poisoned(self: models.TinyClassifier, films: torch.Tensor) -> torch.Tensor:
        films = films.clone()
        if len(films) == 2:  # the last batch
            films[1] = torch.nan
        return forward(self, films)

    monkeypatch.setattr(models.TinyClassifier, "forward", poisoned)
    heard = compute(project)
    assert heard.notes == ["1 of 14 images set aside: 013.png: not a finite number: first"]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ('target.layers=["frist"]', "target.layers: 'frist' names no layer. Close ones: first."),
        (
            'target.classes=["effusion"]',
            "target.classes names 1 classes; tests.support.models:tiny_target gives 3.",
        ),
        ("target.factory=tests.support.models:tiny_taget", "Did you mean 'tiny_target'?"),
        (
            "target.factory=tests.support.nothing:x",
            "target.factory: module 'tests.support.nothing' is neither installed nor",
        ),
        ("target.factory=tiny", 'target.factory = "tiny": write it as "package.module:function".'),
        ("target.factory=builtins:dict", "target.factory: builtins:dict returned a dict, not an nn.Module."),
        ("vlm.factory=builtins:dict", "what builtins:dict returned is not a VLM: it has no name, dimension, identity"),
        ("run.device=mps", 'run.device = "mps": this machine has none. Use "auto" or "cpu".'),
        ("probing.folder=none", "probing.folder: {folder}/none is not a folder."),
        ("run.out={folder}", "run.out: {folder} is a folder; name a file, such as {folder}/run.duckdb."),
        ("run.out={folder}/a\\\\b", "DuckDB takes the backslash in this name for a slash; use another name."),
    ],
)
def test_a_wrong_setting_ends_in_one_clear_line(project: Path, override: str, message: str) -> None:
    folder = str(project.parent)
    with pytest.raises(ConfigError) as raised:
        compute(project, override.replace("{folder}", folder))
    assert message.replace("{folder}", folder) in str(raised.value)
    assert not project.with_name("tiny.duckdb").exists()


def test_a_model_that_fails_on_its_inputs_is_told_with_their_shape(project: Path) -> None:
    with pytest.raises(
        MammiError, match=r"the model failed on a batch of shape \[1, 3, 32, 32\]: [^\n]*\n.* set target.preproc"
    ):
        compute(project, "target.preprocessing.channels=3")


def test_an_empty_concept_set(project: Path) -> None:
    (project.parent / "concepts.txt").write_text("\n")
    with pytest.raises(ConfigError, match="concept"):
        compute(project)
