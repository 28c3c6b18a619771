"""A run without a template, and one whose template is not subtracted: scores are mean cosines in every answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine.annotation.cuts import Cuts
from engine.annotation.scoring import unit_rows
from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.evidence.live import Evidence
from engine.export import export
from engine.methods import mammi, www
from engine.progress import Silent
from engine.requery import Requery
from engine.run.pipeline import run
from engine.store.reader import RunReader
from mammi_tui.console.run_health import faults
from tests.support.commands import Mammi
from tests.support.models import tiny_project, tiny_vlm
from tests.support.tiny_runs import counted_calls

CONCEPTS = ("effusion", "mass", "heart", "rib", "opacity")
TEMPLATE = "A chest x-ray image of a"
ALONE, NOT_SUBTRACTED = ("run.template=",), ("run.subtract_template=false",)
WAYS = {
    "alone": (ALONE, CONCEPTS),
    "not subtracted": (NOT_SUBTRACTED, tuple(f"{TEMPLATE} {concept}" for concept in CONCEPTS)),
    "alone, not subtracted": ((*ALONE, *NOT_SUBTRACTED), CONCEPTS),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path)


def computed(project: Path, *overrides: str) -> Path:
    return run(load_config(project, overrides), Silent())


@pytest.mark.parametrize("way", WAYS)
def test_a_score_is_the_mean_cosine_to_the_text(way: str, project: Path) -> None:
    overrides, texts = WAYS[way]
    with RunReader(computed(project, *overrides)) as reader:
        assert not list(faults(reader))
        assert not reader.info.subtracts_template
        cosines = (
            unit_rows(reader.arrays.image_embeddings()) @ unit_rows(tiny_vlm(torch.device("cpu")).encode_texts(texts)).T
        )
        requery = Requery(reader)
        for cuts in (reader.info.cuts, Cuts(0.5, 0.9), Cuts(0.0, 0.5)):
            layer = requery.layer("logits", cuts)
            for unit in range(3):
                answer = requery.neuron("logits", unit, cuts)
                scores = cosines[answer.images].mean(axis=0)
                np.testing.assert_allclose(answer.scores, scores, atol=1e-6)
                wanted = np.flatnonzero(scores > cuts.beta * scores.max()) if scores.max() > 0 else []
                assert sorted(answer.ranking[: answer.annotated]) == list(wanted)
                assert (layer.best[unit], layer.annotated[unit]) == (scores.argmax(), len(wanted))
                of_www = www.load(www.Options(count=3), reader, requery).neuron("logits", unit, cuts)
                images, _ = reader.arrays.ranked(reader.layer("logits").first_neuron + unit, 0, 0)
                np.testing.assert_allclose(of_www.scores, -np.sort(-cosines[images[:3]].mean(axis=0)), atol=1e-6)
                Evidence(reader, requery).neuron("logits", unit, cuts)


def test_equal_to_the_published_codes_sums(project: Path) -> None:
    """The published code sums cos(v, t) − cos(v, t_tem) over a neuron's images, or cos(v, t) alone."""
    found = {}
    for way, overrides in (("adaptive", ()), ("no", NOT_SUBTRACTED)):
        with RunReader(computed(project, *overrides)) as reader:
            answer = Requery(reader).neuron("logits", 0, reader.info.cuts)
            found[way] = answer.scores
            images = torch.from_numpy(reader.arrays.image_embeddings()[answer.images])
    vlm = tiny_vlm(torch.device("cpu"))
    prompted, bare = (torch.from_numpy(vlm.encode_texts(texts)) for texts in (WAYS["not subtracted"][1], [TEMPLATE]))
    cosine = torch.nn.functional.cosine_similarity
    for way, zero in (("adaptive", [cosine(image[None], bare) for image in images]), ("no", [0.0] * len(images))):
        sums = sum(cosine(image[None], prompted) - less for image, less in zip(images, zero, strict=True))
        np.testing.assert_allclose(found[way] * len(images), sums.numpy(), atol=1e-6)


def test_texts_are_encoded_once_whatever_is_subtracted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted_calls(monkeypatch)

    def texts(*overrides: str) -> int:
        calls["texts"].clear()
        computed(project, *overrides)
        return sum(calls["texts"])

    assert texts(*NOT_SUBTRACTED) == 5
    assert texts() == 1  # the bare template, which no file holds
    assert texts(*NOT_SUBTRACTED) == 0
    assert texts() == 1
    assert texts(*ALONE) == 5
    assert texts(*ALONE, *NOT_SUBTRACTED) == 0
    assert texts(*ALONE, 'run.other_templates=["There is a"]') == 6


def test_equal_runs_are_up_to_date_and_others_have_another_content(project: Path) -> None:
    contents = set()
    for overrides in ((), ALONE, NOT_SUBTRACTED):
        path = computed(project, *overrides)
        with RunReader(path) as reader:
            contents.add(reader.info.content_hash)
        before = path.stat().st_mtime_ns
        computed(project, *overrides)
        assert path.stat().st_mtime_ns == before
    assert len(contents) == 3


def test_other_templates_are_not_subtracted_either(project: Path) -> None:
    others = 'run.other_templates=["There is a"]'
    with RunReader(computed(project, others)) as reader:
        subtracted, bare = reader.arrays.other_template(0)
        assert bare.any()
    with RunReader(computed(project, others, *NOT_SUBTRACTED)) as reader:
        texts, zero = reader.arrays.other_template(0)
        np.testing.assert_array_equal(texts, subtracted)
        assert not zero.any()
        assert Evidence(reader, Requery(reader)).neuron("logits", 0, reader.info.cuts).template_bests


@pytest.mark.parametrize(
    ("overrides", "said"),
    [(ALONE, "no template"), (NOT_SUBTRACTED, "template not subtracted")],
)
def test_every_command_says_so(
    project: Path,
    overrides: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command = Mammi(monkeypatch, capsys)
    path = str(computed(project, *overrides))
    assert f"{said}: a score is the mean cosine" in command("show", path, "logits:0").out
    shown: dict[str, Any] = json.loads(command("show", path, "logits:0", "--json").out)
    assert shown["subtract_template"] is False
    assert shown["template"] == ("" if said == "no template" else TEMPLATE)
    assert "scores are mean cosines" in command("doctor", path).out
    assert said in command("evaluate", path).out
    assert json.loads(command("evaluate", path, "--json").out)["subtract_template"] is False
    assert said in command("export", path, "--what", "concepts", "--format", "csv", "-o", str(tmp_path / "c.csv")).err
    plain = command("show", str(computed(project)), "logits:0")
    assert "cosine" not in plain.out


def test_a_neuron_that_nothing_fits_is_told_without_naming_the_template(project: Path) -> None:
    with RunReader(computed(project, *ALONE)) as reader:
        assert mammi.nothing_positive(reader.info) == "No concept scores above 0."
        assert export(reader, "concepts", "json", project.with_name("c.json")) >= 0


@pytest.mark.parametrize("given", ['run.template="A film of {}"', 'run.other_templates=["A film of {concept} "]'])
def test_a_template_with_a_place_for_the_concept_is_a_mistake(project: Path, given: str) -> None:
    with pytest.raises(ConfigError, match="it stands before each concept, without braces"):
        load_config(project, [given])


def test_a_blank_template_is_a_mistake(project: Path) -> None:
    with pytest.raises(ConfigError, match=r'run\.template = " +" is not right: a template of blanks .* write ""'):
        load_config(project, ['run.template="  "'])
    with pytest.raises(ConfigError, match="'  ' is no template: leave it out"):
        load_config(project, ['run.other_templates=["  "]'])
    with pytest.raises(ConfigError, match=r"run\.subtract_template = \"no\" is neither true nor false"):
        load_config(project, ["run.subtract_template=no"])
