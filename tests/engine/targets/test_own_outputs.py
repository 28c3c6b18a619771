"""What a model of one's own gives is taken where it is clear, and else told in words before the images are read."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.config.settings import load_config
from engine.errors import ConfigError, MammiError
from engine.run import image_pass
from engine.run.pipeline import run
from engine.store.reader import RunReader
from engine.targets.base import TargetModel
from engine.targets.layers import list_layers
from engine.targets.preprocessing import Preprocessing
from engine.targets.probe import examine
from engine.targets.taps import Taps
from tests.support import models, outputs
from tests.support.tiny_runs import Heard

PLAIN = 'target.arguments={ form = "plain" }'
CHOICE = 'gives a list of "0" [n, 3], "1" [n, 3] and "2" [n, 3]: choose one, as in target.output = "2".'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = models.tiny_project(tmp_path, films=5)  # the last batch of four is one film
    path.write_text(path.read_text().replace("tests.support.models:tiny_target", "tests.support.outputs:giving"))
    return path


def compute(project: Path, *overrides: str, layers: str = '["first", "logits"]') -> Heard:
    heard = Heard()
    run(load_config(project, [f"target.layers={layers}", *overrides]), heard)
    return heard


def form(name: str, classes: int = 3) -> str:
    return f'target.arguments={{ form = "{name}", classes = {classes} }}'


def logits(project: Path, layer: str = "logits") -> NDArray[np.float32]:
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        return reader.arrays.activations(reader.layer(layer))


FILMS = torch.rand(5, 1, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", list(outputs.OUTPUTS)[:15])
def test_the_classes_are_found_in_what_the_model_gives(name: str) -> None:
    """In batches of any size: `.squeeze()` drops the axis of a batch of one."""
    module = outputs.giving(name).eval()
    target = TargetModel(module, Preprocessing(), ("effusion", "mass", "hernia"), "id", "tiny")
    readings = examine(target, ["logits"], FILMS[:2], pooling="mean", channels="auto", output=None)
    expected = outputs.giving("plain").eval()(FILMS)
    for films in (FILMS, FILMS[:1], FILMS[:3]):
        with Taps(module, ["logits"], "mean", "auto", readings) as taps, torch.inference_mode():
            module(films)
            torch.testing.assert_close(taps.pooled()["logits"], expected[: len(films)].detach())


@pytest.mark.parametrize("name", ["dict", "features first", "squeezed"])
def test_a_run_takes_the_classes(project: Path, name: str) -> None:
    compute(project, form(name))
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.layer("logits").unit_names == ("effusion", "mass", "hernia")
        assert len(np.unique(reader.arrays.activations(reader.layer("logits")))) == 15


def test_the_run_says_which_output_it_takes(project: Path) -> None:
    assert compute(project, form("features first")).notes == [
        'target: logits is "1" of the model\'s outputs (key target.output).'
    ]
    assert compute(project, form("features first"), "target.output=1", "target.pooling=max").notes == []


@pytest.mark.parametrize("name", ["plain", "squeezed"])
def test_a_classifier_of_one_finding_has_one_unit(project: Path, name: str) -> None:
    compute(project, form(name, 1), 'target.classes=["effusion"]')
    assert logits(project).shape == (1, 5)
    assert len(np.unique(logits(project))) == 5


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ((form("supervised at three depths"),), CHOICE),
        ((form("alike"),), 'gives a dict of "a" [n, 3] and "b" [n, 3]: choose one, as in target.output = "b".'),
        ((form("one for each class"),), "[n, 1]: give one tensor [n, 3]."),
        ((form("features first"), "target.classes=[]"), 'gives a tuple of "0" [n, 6] and "1" [n, 3]: choose one'),
        ((form("dict"), "target.output=probs"), 'target.output = "probs" is none of these'),
        ((PLAIN, "target.output=logits"), 'a tensor [n, 3], which has no names: leave target.output = "logits" out'),
        ((form("flat"),), "gives 3 rows for one image"),
        ((form("one number"),), "gives a tensor [], no axis of which is the images"),
        ((form("predictions only"),), "gives a tensor [n] without floating-point numbers, so no activations"),
        ((form("no tensor"),), "gives a str without a tensor"),
        ((form("nothing"),), "gives nothing"),
        (
            (form("dict"), 'target.classes=["a"]'),
            "target.classes names 1 classes; tests.support.outputs:giving gives 3.",
        ),
        ((form("dict"), "target.output=features"), "names 3 classes; tests.support.outputs:giving gives 6. It gives a"),
    ],
)
def test_what_is_not_clear_is_told_before_the_images_are_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, overrides: tuple[str, ...], message: str
) -> None:
    monkeypatch.setattr(image_pass, "ImagePass", None)
    with pytest.raises(ConfigError, match=re.escape(message)):
        compute(project, *overrides)


@pytest.mark.parametrize(
    ("overrides", "told"),
    [
        ((form("without a number"),), r"logits gives values that are not finite .*\. Look at its weights and"),
        (
            ("target.factory=tests.support.outputs:diverged", "target.arguments={}"),
            r"finite numbers, whatever the film\. Its weights hold such values: classifier\.bias\.",
        ),
    ],
)
def test_a_model_that_no_film_can_go_through_is_told_before_the_images_are_read(
    project: Path, monkeypatch: pytest.MonkeyPatch, overrides: tuple[str, ...], told: str
) -> None:
    monkeypatch.setattr(image_pass, "ImagePass", None)
    with pytest.raises(MammiError, match=told):
        compute(project, *overrides)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lazy", r"whose 1\.weight has no shape yet, as its layer is lazy\.\nLoad the trained"),
        ("without_values", r"whose .* has no values \(it is on the meta device\)\.\nLoad the trained"),
    ],
)
def test_a_module_without_values_is_refused(project: Path, name: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        compute(project, f"target.factory=tests.support.outputs:{name}", "target.arguments={}")


@pytest.mark.slow
def test_a_chosen_output_and_a_chosen_layer(project: Path) -> None:
    compute(project, PLAIN)
    plain = logits(project)
    compute(project, form("supervised at three depths"), "target.output=1")
    np.testing.assert_allclose(logits(project), plain + 1, atol=1e-5)
    compute(project, form("supervised at three depths"), "target.output=2")
    np.testing.assert_allclose(logits(project), plain + 2, atol=1e-5, err_msg="the output belongs to the key")
    compute(project, form("alike"), layers='["first", "classifier"]')
    np.testing.assert_allclose(logits(project, "classifier"), plain, atol=1e-5)


@pytest.mark.slow
def test_the_number_of_classes_chooses_anew(project: Path) -> None:
    compute(project, form("features first"), "target.classes=[]", "target.output=0")
    assert len(logits(project)) == 6
    compute(project, form("features first"))
    assert len(logits(project)) == 3


def test_tokens_before_images_are_seen(project: Path) -> None:
    given = ("target.factory=tests.support.outputs:tokens_first", "target.arguments={}")
    layers = '["encoder", "encoder.layers.0.self_attn", "logits"]'
    compute(project, *given, layers=layers)
    encoder, attention = logits(project, "encoder"), logits(project, "encoder.layers.0.self_attn")
    assert encoder.shape == attention.shape == (8, 5)
    head = outputs.tokens_first().head
    expected = torch.nn.functional.linear(torch.from_numpy(encoder.T), head.weight, head.bias)
    np.testing.assert_allclose(logits(project), expected.detach().numpy().T, atol=1e-5)


@pytest.mark.parametrize(
    ("given", "layers"),
    [
        ((form("noise"),), "logits: "),
        (("target.factory=tests.support.outputs:batch_normed", "target.arguments={}"), "first: "),
    ],
)
def test_a_model_that_does_not_repeat_itself_is_told(project: Path, given: tuple[str, ...], layers: str) -> None:
    compute(project, *given)
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        (warning,) = reader.notes
    assert warning.text.startswith(f"target: the same film gave other activations in another batch, at {layers}")


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ("target.factory=tests.support.outputs:with_age", "target.arguments={}"),
            r"batch of shape \[1, 1, 32, 32\]: TypeError: .*'age'.*\n.*gives the model the images alone: wrap it",
        ),
        (
            ("target.factory=tests.support.outputs:half", "target.arguments={}"),
            r"RuntimeError: .*\nIts weights are torch\.float16, .*float32: return it as module\.float\(\)\.",
        ),
        (
            (PLAIN, "target.preprocessing.channels=3"),
            r"RuntimeError: .*\nIts first convolution takes 1 channel, .* set target\.preprocessing\.channels = 1\.",
        ),
    ],
)
def test_a_model_that_fails_is_told_with_what_may_help(project: Path, overrides: tuple[str, ...], message: str) -> None:
    with pytest.raises(MammiError, match=message) as raised:
        compute(project, *overrides)
    assert len(str(raised.value).splitlines()) == 2


def test_mammi_layers_says_what_the_model_gives(project: Path) -> None:
    def listed(*overrides: str) -> dict[str, tuple[int | None, str, str]]:
        settings = load_config(project, overrides)
        listing = list_layers(settings.target.load(settings.base), "mean", "auto", settings.taps.output)
        return {layer.name: (layer.units, layer.module, layer.problem) for layer in listing.layers}

    words = 'a dict of "features" [n, 6] and "logits" [n, 3]'
    assert listed(form("dict"))["logits"] == (3, f'"logits" of the model\'s output, {words}', "")
    assert listed(form("dict"), "target.output=features")["logits"][0] == 6
    deep = listed(form("supervised at three depths"))["logits"]
    assert (deep[0], f"{deep[2]}.") == (None, CHOICE)
    tokens = listed("target.factory=tests.support.outputs:tokens_first", "target.arguments={}")
    assert tokens["encoder"][0] == 8
    inner = listed("target.factory=tests.support.outputs:around", 'target.arguments={ form = "named tuple" }')
    assert inner["inner"] == (6, 'Giving, first of a Named of "features" [n, 6] and "logits" [n, 3]', "")
    inner = listed("target.factory=tests.support.outputs:around", 'target.arguments={ form = "dict" }')
    assert inner["inner"][2] == f"gives {words}: name a layer inside it"
