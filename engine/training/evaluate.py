"""The embedded models' held-out results, for the model card: `python -m engine.training.evaluate [--write]`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from engine.decisions.discrimination import auroc
from engine.probing.findings import FINDINGS
from engine.probing.phantom.population import HELD_OUT_SEEDS
from engine.targets import demo as target_kind
from engine.training.captions import TEMPLATE, caption
from engine.training.data import Films, make_films
from engine.vlms import demo as vlm_kind
from engine.vlms.base import VLM
from engine.weights.embedded import CLASSIFIER_WEIGHTS, DUAL_ENCODER_WEIGHTS, HOME, MODEL_CARD
from engine.weights.embedded.files import read_facts
from engine.weights.embedded.inputs import standardise

NATURAL_SEED, ENRICHED_SEED = HELD_OUT_SEEDS[0], HELD_OUT_SEEDS[1]


def aurocs(scores: NDArray[np.float64], films: Films) -> NDArray[np.float64]:
    """The area for each of FINDINGS [14], from scores [n, 14]."""
    truth = films.labels.numpy() > 0
    return np.array([auroc(scores[:, i], truth[:, i]) for i in range(len(FINDINGS))])


@torch.inference_mode()
def classifier_scores(model: nn.Module, films: Films) -> NDArray[np.float64]:
    """Logits [n, 14]."""
    logits = [model(standardise(batch.float())) for batch in torch.split(films.pixels, 64)]
    return torch.cat(logits).double().numpy()


def zero_shot_scores(vlm: VLM, films: Films) -> NDArray[np.float64]:
    """Eq. 2 for single films, [n, 14]: the cosine to each prompted finding minus that to the bare template."""
    images = torch.cat(
        [vlm.encode_images(standardise(batch.float())) for batch in torch.split(films.pixels, 64)]
    ).numpy()
    prompts = vlm.encode_texts([caption(name.lower().replace("_", " ")) for name in FINDINGS])
    (template,) = vlm.encode_texts([TEMPLATE])
    scores: NDArray[np.float64] = images.astype(np.float64) @ (prompts - template).astype(np.float64).T
    return scores


def results(weights: Path, natural: Films, enriched: Films) -> str:
    """The measured part of the model card: the files, how they were made, and the results on held-out films."""
    classifier = target_kind.load(target_kind.Options(weights=weights / CLASSIFIER_WEIGHTS.name), weights)
    encoder_options = vlm_kind.Options(weights=weights / DUAL_ENCODER_WEIGHTS.name)
    encoder = vlm_kind.load(encoder_options, weights, torch.device("cpu"))
    module = classifier.module.to(memory_format=torch.channels_last)
    columns = [natural.labels.sum(dim=0).numpy()]
    for films in (natural, enriched):
        columns += [aurocs(classifier_scores(module, films), films), aurocs(zero_shot_scores(encoder, films), films)]
    lines = [
        *_made(weights),
        "",
        f"Held-out AUROC on {len(natural.pixels)} films at natural prevalence (population {NATURAL_SEED}) "
        f"and {len(enriched.pixels)} enriched ones (population {ENRICHED_SEED}).",
        "",
        "| Finding | films with it | classifier | zero-shot | classifier, enriched | zero-shot, enriched |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, count, *values in zip(FINDINGS, *columns, strict=True):
        lines.append(f"| {name} | {count:.0f} | " + " | ".join(f"{value:.3f}" for value in values) + " |")
    means = " | ".join(f"**{np.nanmean(column):.3f}**" for column in columns[1:])
    return "\n".join([*lines, f"| **mean** | | {means} |"])


def _made(weights: Path) -> list[str]:
    """How the two weight files were made, from the facts stored in them."""
    names = (CLASSIFIER_WEIGHTS.name, DUAL_ENCODER_WEIGHTS.name)
    table = ["| File | size | training, wall | of the processors | sha256 |", "|---|--:|--:|--:|---|"]
    recipes = []
    for name, other in (names, names[::-1]):
        content, facts = (weights / name).read_bytes(), read_facts(weights / name)
        table.append(
            f"| {name} | {len(content) / 1e6:.2f} MB | {facts['wall_seconds']} s | {facts['processor_seconds']} s "
            f"| `{hashlib.sha256(content).hexdigest()}` |"
        )
        recipe = {
            key: value for key, value in json.loads(facts["recipe"]).items() if not key.startswith(Path(other).stem)
        }
        settings = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in recipe.items())
        recipes.append(f"- {name}: {settings}. Rendering its films took {facts['rendering_seconds']} s.")
    return [*table, "", *recipes]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m engine.training.evaluate", description=__doc__)
    parser.add_argument("--weights", type=Path, default=HOME, help="the weights' folder (default: the package's)")
    parser.add_argument("--natural", type=int, default=6000, help="films at natural prevalence (default: %(default)s)")
    parser.add_argument("--enriched", type=int, default=3000, help="enriched films (default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processor cores to use (default: all)"
    )
    parser.add_argument("--write", action="store_true", help="write the results to the model card")
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.workers)
    natural = make_films(NATURAL_SEED, chosen.natural, enriched=False, workers=chosen.workers)
    enriched = make_films(ENRICHED_SEED, chosen.enriched, enriched=True, workers=chosen.workers)
    text = results(chosen.weights.resolve(), natural, enriched)
    print(text)
    if chosen.write:
        card = MODEL_CARD.read_text(encoding="utf-8")
        marks = re.compile(r"(<!-- results -->\n).*(<!-- end of results -->)", re.DOTALL)
        MODEL_CARD.write_text(marks.sub(lambda mark: f"{mark[1]}{text}\n{mark[2]}", card), encoding="utf-8")


if __name__ == "__main__":
    main()
