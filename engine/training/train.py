"""Trains the two embedded models again: `python -m engine.training.train [--out DIR]`."""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.probing.phantom.population import TRAINING_SEEDS
from engine.targets.models.demo import build_classifier
from engine.training.captions import film_texts
from engine.training.data import Films, make_films
from engine.vlms.models.dual_encoder import DualEncoder, text_pieces
from engine.weights.embedded import CLASSIFIER_WEIGHTS, DUAL_ENCODER_WEIGHTS, HOME
from engine.weights.embedded.files import save_weights
from engine.weights.embedded.inputs import INPUT_SIDE, standardise

MODELS = (CLASSIFIER_WEIGHTS.stem, DUAL_ENCODER_WEIGHTS.stem)
MAX_SHIFT = 5
"""The most pixels, of 128, by which augmentation shifts a film"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that determines the weights."""

    seed: int = TRAINING_SEEDS[0]
    films: int = 16_000
    classifier_epochs: int = 5
    classifier_batch: int = 64
    classifier_rate: float = 3e-3
    dual_encoder_epochs: int = 9
    dual_encoder_batch: int = 64
    dual_encoder_rate: float = 1.5e-3
    texts_per_film: int = 4


def train(
    recipe: Recipe, out: Path, workers: int, models: Sequence[str] = MODELS, log: Callable[[str], None] = print
) -> None:
    """Renders the training films, trains the models and writes their weights to `out`."""
    started = time.perf_counter()
    films = make_films(recipe.seed, recipe.films, enriched=True, workers=workers)
    rendering = f"{time.perf_counter() - started:.0f}"
    log(f"{recipe.films} films rendered in {rendering} s")
    out.mkdir(parents=True, exist_ok=True)
    makers = {CLASSIFIER_WEIGHTS: train_classifier, DUAL_ENCODER_WEIGHTS: train_dual_encoder}
    for path, make in makers.items():
        if path.stem not in models:
            continue
        torch.manual_seed(recipe.seed)
        wall, processor = time.perf_counter(), time.process_time()
        model = make(films, recipe, log)
        facts = {
            "recipe": json.dumps(asdict(recipe)),
            "rendering_seconds": rendering,
            "wall_seconds": f"{time.perf_counter() - wall:.0f}",
            "processor_seconds": f"{time.process_time() - processor:.0f}",
        }
        save_weights(model, out / path.name, facts)
        log(f"{out / path.name}: {facts['wall_seconds']} s, {facts['processor_seconds']} s of processor time")


def train_classifier(films: Films, recipe: Recipe, log: Callable[[str], None]) -> nn.Module:
    """A DenseNet, trained with binary cross-entropy on the 14 labels."""
    model: nn.Module = build_classifier()

    def loss(inputs: Tensor, chosen: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(model(inputs).float(), films.labels[chosen])

    fit(model, films, loss, recipe.classifier_epochs, recipe.classifier_batch, recipe.classifier_rate, log)
    return model


def train_dual_encoder(films: Films, recipe: Recipe, log: Callable[[str], None]) -> nn.Module:
    """Both towers, trained with the contrastive loss on films and on texts drawn from their reports."""
    model = DualEncoder()
    texts = film_texts(films.anatomies)
    fitting = [text.all() for text in texts]
    rng = random.Random(recipe.seed)

    def loss(inputs: Tensor, chosen: Tensor) -> Tensor:
        batch = chosen.tolist()
        drawn = [texts[film].draw(rng) for film in batch for _ in range(recipe.texts_per_film)]
        distinct = {text: place for place, text in enumerate(dict.fromkeys(drawn))}
        columns = torch.tensor([distinct[text] for text in drawn])
        fits = torch.tensor([[text in fitting[film] for text in distinct] for film in batch])
        images = functional.normalize(model.images(inputs).float(), dim=1)
        encoded = functional.normalize(model.texts(text_pieces(list(distinct))).float(), dim=1)
        return contrastive_loss(model.log_scale.exp().clamp(max=50.0) * images @ encoded.T, fits, columns)

    fit(model, films, loss, recipe.dual_encoder_epochs, recipe.dual_encoder_batch, recipe.dual_encoder_rate, log)
    return model


def contrastive_loss(logits: Tensor, fits: Tensor, columns: Tensor) -> Tensor:
    """InfoNCE in both directions, for films that share texts.

    logits [films, distinct texts]: scaled cosines. fits: of the same shape, whether a film's report has the text.
    columns [films x draws]: the distinct text of each draw, film by film. For a text, the films that have it share the
    target equally. For a film, each text drawn for it is a target among all draws, repeated ones included. So a text
    that fits every film gets the same cosine as the bare template, and a text that sets a film apart gets a higher one:
    the optimum is the pointwise mutual information of film and text.
    """
    rightly = fits.float() / fits.sum(dim=0, keepdim=True)
    from_texts = -(rightly * logits.log_softmax(dim=0)).sum(dim=0)[columns].mean()
    from_films = -logits[:, columns].log_softmax(dim=1)
    own = torch.arange(len(logits)).repeat_interleave(len(columns) // len(logits))
    return (from_texts + from_films[own, torch.arange(len(columns))].mean()) / 2


def fit(
    model: nn.Module,
    films: Films,
    loss_of: Callable[[Tensor, Tensor], Tensor],
    epochs: int,
    batch: int,
    rate: float,
    log: Callable[[str], None],
) -> None:
    """Trains with AdamW and a one-cycle learning rate, in bfloat16 where the processor supports it."""
    model.train().to(memory_format=torch.channels_last)
    decayed = [weight for weight in model.parameters() if weight.ndim > 1]
    others = [weight for weight in model.parameters() if weight.ndim <= 1]
    groups = [{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=rate)
    steps = epochs * (len(films.pixels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps, pct_start=0.2)
    fast = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
    for epoch in range(epochs):
        started, total, count = time.perf_counter(), 0.0, 0
        for chosen in _batches(len(films.pixels), batch):
            inputs = augment(films.pixels[chosen]).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16, enabled=fast):
                loss = loss_of(inputs, chosen)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            total, count = total + loss.item(), count + 1
        log(f"  epoch {epoch + 1}/{epochs}: loss {total / count:.4f}, {time.perf_counter() - started:.0f} s")
    model.eval()


def _batches(count: int, size: int) -> Iterator[Tensor]:
    """The numbers 0 to count − 1 in random order, in full batches; a remainder is left out."""
    yield from torch.split(torch.randperm(count)[: count // size * size], size)


def augment(pixels: Tensor) -> Tensor:
    """Turns uint8 films [n, 1, 128, 128] into inputs: shifted, with changed contrast and added noise. They are not
    mirrored, because sides matter."""
    films = functional.pad(pixels.float() / 255, (MAX_SHIFT,) * 4, mode="replicate")
    starts = torch.randint(0, 2 * MAX_SHIFT + 1, (len(films), 2)).tolist()
    cut = [
        film[:, top : top + INPUT_SIDE, left : left + INPUT_SIDE]
        for film, (top, left) in zip(films, starts, strict=True)
    ]
    bent = torch.stack(cut).clamp_min(1e-3) ** torch.empty(len(cut), 1, 1, 1).uniform_(0.8, 1.25)
    return standardise(bent) + torch.rand(len(cut), 1, 1, 1) * 0.08 * torch.randn_like(bent)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.training.train", description=__doc__)
    parser.add_argument("--out", type=Path, default=HOME, help="folder for the weights (default: the package's own)")
    usual = Recipe()
    parser.add_argument("--films", type=int, default=usual.films, help="training films (default: %(default)s)")
    parser.add_argument("--classifier-epochs", type=int, default=usual.classifier_epochs)
    parser.add_argument("--dual-encoder-epochs", type=int, default=usual.dual_encoder_epochs)
    parser.add_argument("--only", choices=MODELS, help="train only this model")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processor cores to use (default: all)"
    )
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.workers)
    recipe = replace(
        usual,
        films=chosen.films,
        classifier_epochs=chosen.classifier_epochs,
        dual_encoder_epochs=chosen.dual_encoder_epochs,
    )
    train(recipe, chosen.out, chosen.workers, [chosen.only] if chosen.only else MODELS)


if __name__ == "__main__":
    main()
