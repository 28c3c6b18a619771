"""Checkpoints as training scripts leave them: under any key, with a head of another form, for other channels."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from engine.config.settings import load_config
from engine.errors import ConfigError, MammiError
from engine.targets.base import TargetModel
from engine.targets.torchvision import Options, identity, load

NAME = "shufflenet_v2_x0_5"
"""Its final layer is fc, of width 1024"""
CLASSES = tuple(f"finding {number}" for number in range(5))
FILMS = torch.linspace(-1, 1, 3 * 64 * 64).reshape(1, 3, 64, 64)


def network(name: str = NAME) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        module: nn.Module = torchvision.models.get_model(name, num_classes=len(CLASSES))
    return module.eval()


def loaded(folder: Path, content: Any, name: str = NAME, **options: Any) -> TargetModel:
    torch.save(content, folder / "model.pth")
    return load(Options.model_validate({"name": name, "weights": "model.pth", **options}), folder)


def same(target: TargetModel, module: nn.Module) -> bool:
    with torch.inference_mode():
        return torch.allclose(target.module.eval()(FILMS), module.eval()(FILMS), atol=1e-6)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return dict(network().state_dict())


# The key


def moved(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value + 1 for name, value in weights.items()}


@pytest.mark.parametrize("key", ["net", "weights", "ema_state_dict", "student", "state.model.network"])
def test_the_one_state_dict_that_fits_is_taken_and_named(key: str, weights: dict[str, Tensor], tmp_path: Path) -> None:
    content: Any = weights
    for part in reversed(key.split(".")):
        content = {"epoch": 3, part: content, "discriminator": {"a.weight": torch.zeros(2, 2)}}
    target = loaded(tmp_path, content)
    assert target.name == f"{NAME} (model.pth: {key})"
    assert same(target, network())


def test_where_several_fit_the_message_asks_which(weights: dict[str, Tensor], tmp_path: Path) -> None:
    content = {"ema": moved(weights), "model": weights}
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, content)
    assert str(raised.value) == (
        f"{tmp_path / 'model.pth'} holds several models that fit, under ema and model: which one is meant?\n"
        'Say it with target.weights_key = "ema".'
    )
    assert same(loaded(tmp_path, content, weights_key="model"), network())
    average = loaded(tmp_path, content, weights_key="ema")
    assert average.name == f"{NAME} (model.pth: ema)"
    assert torch.equal(average.module.state_dict()["fc.bias"], weights["fc.bias"] + 1)


@pytest.mark.parametrize("kind", [torch.int8, torch.complex64])
def test_quantised_weights_are_refused(kind: torch.dtype, weights: dict[str, Tensor], tmp_path: Path) -> None:
    """Their scale is not in the tensor."""
    with pytest.raises(MammiError, match=rf"fc\.weight: {kind}, where the model has floating-point numbers"):
        loaded(tmp_path, {**weights, "fc.weight": (weights["fc.weight"] * 100).to(kind)})


def test_what_torch_averages_over_epochs_fits(weights: dict[str, Tensor], tmp_path: Path) -> None:
    average = torch.optim.swa_utils.AveragedModel(network()).state_dict()
    assert "n_averaged" in average
    assert same(loaded(tmp_path, average), network())
    assert same(loaded(tmp_path, {"state_dict": {f"swa.{name}": value for name, value in average.items()}}), network())


def test_an_average_of_the_parameters_alone_fits_too(weights: dict[str, Tensor], tmp_path: Path) -> None:
    average = {name: value for name, value in moved(weights).items() if "running" not in name and "num_" not in name}
    with pytest.raises(MammiError, match="under model and shadow: which one"):
        loaded(tmp_path, {"model": weights, "shadow": average})


def test_the_same_weights_under_two_keys_are_no_question(weights: dict[str, Tensor], tmp_path: Path) -> None:
    assert same(loaded(tmp_path, {"best": weights, "model": dict(weights)}), network())


def test_two_models_in_one_state_dict(weights: dict[str, Tensor], tmp_path: Path) -> None:
    names = {f"student.backbone.{name}": value for name, value in weights.items()}
    names |= {f"teacher.backbone.{name}": value for name, value in moved(weights).items()}
    with pytest.raises(MammiError, match=r'weights_key = "student\.backbone"'):
        loaded(tmp_path, names)
    assert same(loaded(tmp_path, names, weights_key="student.backbone"), network())


def test_another_models_weights_beside_it_are_told(
    weights: dict[str, Tensor], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    larger = torchvision.models.shufflenet_v2_x1_0(num_classes=len(CLASSES)).state_dict()
    assert same(loaded(tmp_path, {"teacher": larger, "student": weights}), network())
    assert caplog.messages == [
        "target.weights: the weights are those under student in model.pth, which fit the model; it also holds tensors "
        "under teacher."
    ]


def test_a_key_of_nothing_lists_what_there_is(weights: dict[str, Tensor], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, {"model": weights, "epoch": 3}, weights_key="modle")
    assert str(raised.value) == (
        f'target.weights_key = "modle": {tmp_path / "model.pth"} holds no tensors under it. '
        f"It holds some under: model ({len(weights)})."
    )


def test_where_none_fits_it_is_told_what_was_compared(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = {
        "generator": {"a.weight": torch.zeros(2, 2)},
        "critic": {"b.weight": torch.zeros(2), "b.bias": torch.ones(2)},
    }
    with pytest.raises(MammiError, match=r"missing: .*; unexpected: b\.bias, b\.weight\."):
        loaded(tmp_path, content)
    assert caplog.messages == [
        "target.weights: no state dict in model.pth fits the model; it holds tensors under critic (2), generator (1). "
        "Those under critic are compared with it."
    ]


def test_batch_norms_need_not_count_batches(weights: dict[str, Tensor], tmp_path: Path) -> None:
    fewer = {name: value for name, value in weights.items() if name != "conv1.1.num_batches_tracked"}
    target = loaded(tmp_path, fewer)
    assert same(target, network())
    assert not target.untrained


def test_the_key_is_part_of_the_identity(weights: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"ema": weights}, tmp_path / "model.pth")
    plain, chosen = (Options(name=NAME, weights=Path("model.pth"), weights_key=key) for key in (None, "ema"))
    assert identity(plain, tmp_path) != identity(chosen, tmp_path)


# The head


def with_head(make: Callable[[int], nn.Module], name: str = NAME, place: str = "fc") -> nn.Module:
    module = network(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        old = [child for child in module.get_submodule(place).modules() if isinstance(child, nn.Linear)][-1]
        module.set_submodule(place, make(old.in_features))
        for child in module.get_submodule(place).modules():
            if isinstance(child, (nn.BatchNorm1d, nn.LayerNorm)):
                nn.init.normal_(child.weight)
                nn.init.normal_(child.bias)
            if isinstance(child, nn.BatchNorm1d):
                child.running_mean.normal_()
    return module.eval()


FIVE = len(CLASSES)
HEADS: dict[str, Callable[[int], nn.Module]] = {
    "in a Sequential": lambda width: nn.Sequential(nn.Linear(width, FIVE)),
    "after a dropout": lambda width: nn.Sequential(nn.Dropout(), nn.Linear(width, FIVE)),
    "by name": lambda width: nn.Sequential(OrderedDict(drop=nn.Dropout(), last=nn.Linear(width, FIVE))),
    "inside two": lambda width: nn.Sequential(nn.Sequential(nn.Linear(width, FIVE))),
    "without bias": lambda width: nn.Linear(width, FIVE, bias=False),
    "after a batch norm": lambda width: nn.Sequential(nn.BatchNorm1d(width), nn.Dropout(), nn.Linear(width, FIVE)),
    "before a batch norm": lambda width: nn.Sequential(nn.Linear(width, FIVE), nn.BatchNorm1d(FIVE)),
    "after a layer norm": lambda width: nn.Sequential(nn.LayerNorm(width), nn.Linear(width, FIVE, bias=False)),
}


@pytest.mark.parametrize("head", HEADS)
def test_one_linear_layer_is_the_head_and_norms_stay_beside_it(head: str, tmp_path: Path) -> None:
    module = with_head(HEADS[head])
    target = loaded(tmp_path, {"state_dict": nn.DataParallel(module).state_dict()}, classes=CLASSES)
    assert same(target, module)
    assert not target.untrained


@pytest.mark.parametrize("head", ["in a Sequential", "after a batch norm", "before a batch norm"])
@pytest.mark.parametrize("place", ["classifier", "classifier.1"])
def test_where_the_models_own_head_is_a_sequential(head: str, place: str, tmp_path: Path) -> None:
    module = with_head(HEADS[head], "mnasnet0_5", place)
    assert same(loaded(tmp_path, module.state_dict(), "mnasnet0_5"), module)


def test_a_plain_linear_layer_for_a_sequential(tmp_path: Path) -> None:
    module = with_head(lambda width: nn.Linear(width, FIVE), "mnasnet0_5", "classifier")
    assert same(loaded(tmp_path, module.state_dict(), "mnasnet0_5"), module)


def test_what_the_file_cannot_say_of_its_head_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    module = with_head(lambda width: nn.Sequential(nn.Linear(width, FIVE), nn.Sigmoid()))
    target = loaded(tmp_path, module.state_dict())
    (warning,) = caplog.messages
    assert "the final layer fc has the weights of fc.0 in model.pth. Layers beside it without weights (a dro" in warning
    assert warning.endswith("are not in the file and left out: logits are the outputs before them.")
    with torch.inference_mode():
        torch.testing.assert_close(target.module.eval()(FILMS).sigmoid(), module(FILMS))


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (lambda width: [nn.BatchNorm1d(width), nn.ReLU()], "fc.1 came before: if it was more than a dropout, such as"),
        (lambda width: [nn.Tanh()], "fc.0 came before: if it was more than a dropout, such as an activation, logits "),
    ],
)
def test_what_may_stand_before_the_linear_layer_is_told(
    before: Callable[[int], list[nn.Module]], told: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An activation there has no weights in the file, and without it logits differ."""
    loaded(
        tmp_path,
        with_head(lambda width: nn.Sequential(*before(width), nn.Linear(width, FIVE))).state_dict(),
        classes=CLASSES,
    )
    (warning,) = caplog.messages
    assert told in warning
    assert warning.endswith('which only a function of yours can build (kind = "factory").')


def test_the_places_before_the_models_own_linear_layer_are_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    module = with_head(HEADS["in a Sequential"], "mnasnet0_5", "classifier.1")
    loaded(tmp_path, module.state_dict(), "mnasnet0_5")
    (warning,) = caplog.messages
    assert warning.endswith("logits are the outputs before them.")


@pytest.mark.parametrize(
    ("head", "listed"),
    [
        (
            lambda width: nn.Sequential(nn.Linear(width, 9), nn.ReLU(), nn.Linear(9, FIVE)),
            r"fc\.0\.weight \[9, 1024\], fc\.2\.weight \[5, 9\]",
        ),
        (
            lambda width: nn.Sequential(nn.Linear(width, FIVE), nn.PReLU()),
            r"fc\.0\.weight \[5, 1024\], fc\.1\.weight \[1\]",
        ),
        (lambda width: nn.Sequential(nn.BatchNorm1d(9), nn.Linear(width, FIVE)), r"fc\.0\.weight \[9\], "),
    ],
)
def test_a_head_of_another_structure_is_refused_with_a_way_on(
    head: Callable[[int], nn.Module], listed: str, tmp_path: Path
) -> None:
    weights = dict(with_head(head).state_dict())
    way = r'function of yours \(kind = "factory"\), or leave the head out.*: target\.ignore_keys = \["fc\.\*"\]\.'
    with pytest.raises(MammiError, match=rf"Its head is {listed}.*; the model's is .*, fc \[·, 1024\]\.\n.*{way}"):
        loaded(tmp_path, weights, classes=CLASSES)
    assert loaded(tmp_path, weights, classes=CLASSES, ignore_keys=("fc.*",)).untrained == {"fc.weight", "fc.bias"}


class Wrapped(nn.Module):
    """A backbone without its head, and a head beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = network()
        self.backbone.fc = nn.Identity()
        self.head = nn.Sequential(nn.Dropout(), nn.Linear(1024, FIVE))

    def forward(self, films: Tensor) -> Tensor:
        return self.head(self.backbone(films))  # type: ignore[no-any-return]


def test_a_head_beside_the_backbone_is_taken_where_the_classes_are_as_many(tmp_path: Path) -> None:
    module = Wrapped()
    assert same(loaded(tmp_path, module.state_dict(), classes=CLASSES), module)
    with pytest.raises(
        ConfigError, match=r"has no fc, .* but head\.1 with 5 outputs.*\n.*name its outputs in target\.cl"
    ):
        loaded(tmp_path, module.state_dict())


def test_a_head_that_is_passed_over_but_fits_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    module = with_head(HEADS["in a Sequential"])
    target = loaded(tmp_path, module.state_dict(), classes=CLASSES, ignore_keys=("fc.*",))
    assert target.untrained == {"fc.weight", "fc.bias"}
    assert caplog.messages == [
        "target.ignore_keys passes over the head in model.pth (fc.0), which fits: take it out of the list."
    ]


# The channels


@pytest.mark.parametrize("name", [NAME, "mnasnet0_5", "squeezenet1_1"])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_stem_has_the_channels_of_the_preprocessing(name: str, channels: int, tmp_path: Path) -> None:
    module = network(name)
    place, stem = next((place, child) for place, child in module.named_modules() if isinstance(child, nn.Conv2d))
    sizes = (stem.kernel_size, stem.stride, stem.padding)
    module.set_submodule(place, nn.Conv2d(channels, stem.out_channels, *sizes, bias=stem.bias is not None))
    target = loaded(tmp_path, module.state_dict(), name, preprocessing={"channels": channels})
    with torch.inference_mode():
        torch.testing.assert_close(target.module.eval()(FILMS[:, :channels]), module(FILMS[:, :channels]))
    with pytest.raises(
        ConfigError, match=rf"channels = 3: the weights in .* take {channels} \(.*\): set it to {channels}"
    ):
        loaded(tmp_path, module.state_dict(), name)


def test_weights_for_three_channels_and_a_preprocessing_for_one(weights: dict[str, Tensor], tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"channels = 1: the weights in .* take 3 \(conv1\.0\.weight\): set it to 3\."
    ):
        loaded(tmp_path, weights, preprocessing={"channels": 1})


# TorchScript


def test_torchscript_from_a_factory_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "my_scripted_models.py").write_text(
        "import torch\nfrom torch import nn\n\n\ndef traced():\n"
        "    return torch.jit.trace(nn.Linear(2, 3), torch.zeros(1, 2))\n"
    )
    config = tmp_path / "run.toml"
    config.write_text(
        '[run]\nout = "run.duckdb"\n[probing]\nkind = "phantom"\n[vlm]\nkind = "demo"\n'
        '[concepts]\nkind = "word_list"\npath = "words.txt"\n'
        '[target]\nkind = "factory"\nfactory = "my_scripted_models:traced"\nlayers = ["logits"]\n'
    )
    settings = load_config(config)
    with pytest.warns(), pytest.raises(ConfigError) as raised:
        settings.target.load(settings.base)
    assert str(raised.value) == (
        "target.factory: my_scripted_models:traced returned a TorchScript module, whose layers cannot be tapped.\n"
        "Return the nn.Module that it was made from, with module.load_state_dict(scripted.state_dict())."
    )
