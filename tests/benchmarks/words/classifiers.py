"""The study's classifiers: a DenseNet, a ResNet and a vision transformer, each small and trained on phantom films."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.vision_transformer import ConvStemConfig, VisionTransformer

from engine.decisions.discrimination import auroc
from engine.probing.findings import FINDINGS
from engine.probing.phantom.population import HELD_OUT_SEEDS, TRAINING_SEEDS
from engine.targets.base import TargetModel
from engine.targets.models.demo import build_classifier
from engine.training.data import Films, make_films
from engine.training.evaluate import classifier_scores
from engine.training.train import fit
from engine.weights.digest import file_digest
from engine.weights.embedded.files import load_weights, save_weights
from engine.weights.embedded.inputs import INPUT_SIDE, NetworkInput

TRAINING_SEED, HELD_OUT_SEED = TRAINING_SEEDS[1], HELD_OUT_SEEDS[2]
"""The demo's own models saw TRAINING_SEEDS[0]"""


class Residual(nn.Module):
    """Two convolutions beside a shortcut (He et al., arXiv 1512.03385)."""

    def __init__(self, before: int, units: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, units, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(units)
        self.conv2 = nn.Conv2d(units, units, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(units)
        self.shortcut = nn.Sequential(nn.Conv2d(before, units, 1, stride, bias=False), nn.BatchNorm2d(units))

    def forward(self, maps: Tensor) -> Tensor:
        within = functional.relu(self.bn1(self.conv1(maps)))
        return functional.relu(self.bn2(self.conv2(within)) + self.shortcut(maps))


class ResNet(nn.Module):
    """Five residual blocks for grey inputs [n, 1, 128, 128], with one logit for each of FINDINGS."""

    WIDTHS = (24, 48, 96, 128)

    def __init__(self) -> None:
        super().__init__()
        first = self.WIDTHS[0]
        self.stem = nn.Sequential(nn.Conv2d(1, first, 5, 2, padding=2, bias=False), nn.BatchNorm2d(first), nn.ReLU())
        blocks, before = [], first
        for units in self.WIDTHS:
            blocks.append(Residual(before, units, 2))
            before = units
        self.layer1, self.layer2, self.layer3, self.layer4 = blocks
        self.fc = nn.Linear(before, len(FINDINGS))

    def forward(self, inputs: Tensor) -> Tensor:
        maps = self.layer4(self.layer3(self.layer2(self.layer1(self.stem(inputs)))))
        logits: Tensor = self.fc(maps.mean((2, 3)))
        return logits


class ViT(VisionTransformer):
    """torchvision's vision transformer for grey inputs [n, 1, 128, 128], of 64 patches. With so few films it needs
    convolutions before it (Xiao et al., arXiv 2106.14881), and the mean of all tokens before its head."""

    STEM = (24, 48, 64, 96)

    def __init__(self) -> None:
        super().__init__(
            image_size=INPUT_SIDE,
            patch_size=16,
            num_layers=4,
            num_heads=4,
            hidden_dim=128,
            mlp_dim=256,
            num_classes=len(FINDINGS),
            conv_stem_configs=[ConvStemConfig(units, 3, 2) for units in self.STEM],
        )
        self.conv_proj[0][0] = nn.Conv2d(1, self.STEM[0], 3, 2, padding=1, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        patches = self._process_input(inputs)
        tokens = torch.cat([self.class_token.expand(len(patches), -1, -1), patches], dim=1)
        logits: Tensor = self.heads(self.encoder(tokens).mean(1))
        return logits


@dataclass(frozen=True, slots=True)
class Architecture:
    """One of the classifiers, and how it is trained."""

    name: str
    build: Callable[[], nn.Module]
    hidden: tuple[str, ...]
    """The hidden layers whose units are named"""
    final: str
    seed: int
    epochs: int
    rate: float
    maps: bool = True
    """Whether its hidden layers give maps"""


ARCHITECTURES: Mapping[str, Architecture] = {
    each.name: each
    for each in (
        Architecture(
            "densenet", build_classifier, ("features.denseblock3", "features.norm5"), "classifier", 11, 4, 3e-3
        ),
        Architecture("resnet", ResNet, ("layer3", "layer4"), "fc", 12, 5, 3e-3),
        Architecture("vit", ViT, ("encoder.layers.encoder_layer_2", "encoder.ln"), "heads", 13, 12, 1.5e-3, maps=False),
    )
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How many films train and test the classifiers, and what share of each one's epochs is trained."""

    films: int = 5_000
    held_out: int = 1_000
    epochs: float = 1.0


def train_missing(
    folder: Path, names: Sequence[str], recipe: Recipe, workers: int, log: Callable[[str], None] = print
) -> None:
    """Trains the classifiers that the folder lacks, all on one rendering of the training films, each on one core."""
    missing = [name for name in names if not weights_path(folder, name).exists()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    started, rendered = time.perf_counter(), folder / "films.npz"
    if not rendered.exists():
        _render(recipe, rendered, workers)
        log(f"{recipe.films} + {recipe.held_out} films rendered in {time.perf_counter() - started:.0f} s")
    make = partial(_train, recipe=recipe, rendered=rendered, folder=folder)
    if workers == 1:
        made = list(map(make, missing))
    else:
        with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
            made = list(pool.map(make, missing))
    for line in made:
        log(line)
    rendered.unlink()


def _render(recipe: Recipe, path: Path, workers: int) -> None:
    films = make_films(TRAINING_SEED, recipe.films, enriched=True, workers=workers)
    held_out = make_films(HELD_OUT_SEED, recipe.held_out, enriched=True, workers=workers)
    arrays = {"films": films.pixels, "labels": films.labels, "held_out": held_out.pixels, "truth": held_out.labels}
    partly = path.with_name("partly.npz")
    np.savez(partly, **{name: values.numpy() for name, values in arrays.items()})
    partly.replace(path)


def weights_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.safetensors"


def _train(name: str, recipe: Recipe, rendered: Path, folder: Path) -> str:
    """Trains one classifier and writes its weights. Returns what to tell of it."""
    torch.set_num_threads(1)
    with np.load(rendered) as arrays:
        given = {key: torch.from_numpy(arrays[key]) for key in arrays.files}
    films, held_out = Films([], given["films"], given["labels"]), Films([], given["held_out"], given["truth"])
    of, started, lines = ARCHITECTURES[name], time.perf_counter(), list[str]()
    torch.manual_seed(of.seed)
    model = of.build()

    def loss(inputs: Tensor, chosen: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(model(inputs).float(), films.labels[chosen])

    fit(model, films, loss, max(round(of.epochs * recipe.epochs), 1), 64, of.rate, lines.append)
    scores, truth = classifier_scores(model, held_out), held_out.labels.numpy() > 0
    areas = [auroc(scores[:, place], truth[:, place]) for place in range(len(FINDINGS)) if truth[:, place].any()]
    facts = {
        "recipe": json.dumps(asdict(recipe) | {"architecture": name, "seed": of.seed, "rate": of.rate}),
        "seconds": f"{time.perf_counter() - started:.0f}",
        "auroc": f"{sum(areas) / len(areas):.4f}",
    }
    save_weights(model, weights_path(folder, name), facts)
    return "\n".join([f"{name}: mean AUROC {facts['auroc']} on held-out films, {facts['seconds']} s", *lines])


def classifier(name: str, weights: str) -> TargetModel:
    """What `[target]` names as its factory: a trained classifier in evaluation mode."""
    model = ARCHITECTURES[name].build()
    load_weights(model, Path(weights))
    digest = file_digest(Path(weights), "target.arguments.weights")
    return TargetModel(model.eval(), NetworkInput(), FINDINGS, f"{name} {digest}", f"the study's {name}")
