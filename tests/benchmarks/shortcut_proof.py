"""The proof of the audit: a classifier that could learn to read chest tubes is flagged, a balanced one is spared.

python -m tests.benchmarks.shortcut_proof [--weights FOLDER] [--seeds N]

Trains both classifiers (tests.benchmarks.shortcut_classifiers) unless FOLDER holds them. Then, over probing sets of
seeds 2201 to 2210, asks of each classifier whether its output for pneumothorax reads chest tubes: by pairs of films
(`mammi audit CONFIG.toml --pairs`) and by the films of a run (`mammi audit RUN.duckdb`).
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from engine.config.settings import RunConfig, load_config
from engine.counterfactual.audit import PairsAudit, audit_with_pairs
from engine.counterfactual.effects import Found
from engine.decisions.audit.gaps import Gap
from engine.decisions.audit.live import Audit
from engine.decisions.outputs import Outcomes
from engine.probing.base import Image
from engine.probing.phantom.probing_set import PhantomSet
from engine.progress import Silent
from engine.run.pipeline import run
from engine.store.reader import RunReader
from tests.benchmarks.shortcut_classifiers import FINDING, TUBE, train

SEEDS = range(2201, 2211)
CLASSIFIERS = ("biased", "balanced")
CONFIG = """
[run]
out = "{folder}/{name}.duckdb"
batch_size = 64

[probing]
kind = "phantom"
count = {count}
seed = {seed}

[target]
kind = "demo"
weights = "{weights}"
layers = ["features.norm5", "classifier"]
probabilities = "sigmoid"

[keep]
maps = false

[vlm]
kind = "factory"
factory = "tests.support.models:tiny_vlm"

[concepts]
kind = "word_list"
path = "words.txt"
"""
"""The words play no part, so the VLM is the smallest there is"""


@dataclass(frozen=True, slots=True)
class Said:
    """What one audit says of one classifier on one probing set."""

    reads: bool
    """Whether the output for pneumothorax is said to read chest tubes"""
    figures: str
    others: int
    """Other outputs that are said to read other devices"""
    asked: int


def config_of(folder: Path, name: str, weights: Path, seed: int, count: int) -> RunConfig:
    path = folder / f"{name}-{seed}.toml"
    (folder / "words.txt").write_text("tube\nair\n", encoding="utf-8")
    text = CONFIG.format(folder=folder, name=f"{name}-{seed}", weights=weights, seed=seed, count=count)
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def _keep_films() -> None:
    """Both classifiers are given the same films: each is rendered once."""
    render, kept = PhantomSet.read, dict[str, bytes]()

    def read(self: PhantomSet, image: Image) -> bytes:
        key = self.content(image)
        if key not in kept:
            kept[key] = render(self, image)
        return kept[key]

    PhantomSet.read = read  # type: ignore[method-assign]


def by_pairs(config: RunConfig, pairs: int) -> Said:
    audit = audit_with_pairs(config, f"device,finding:{FINDING}", pairs, 0, Silent())
    place = audit.classes.index(FINDING)
    tube, finding = (_named(audit, name) for name in (f"device:{TUBE}", f"finding:{FINDING}"))
    assert tube.outputs is not None
    assert finding.outputs is not None
    effects, (before, after) = tube.outputs.effects, tube.outputs.probabilities
    units = [unit for unit in tube.layers["features.norm5"].order.tolist() if tube.layers["features.norm5"].large[unit]]
    figures = (
        f"{effects.median[place]:+.2f} SD (a pneumothorax itself {finding.outputs.effects.median[place]:+.2f}), "
        f"mean probability {before[place]:.2f} → {after[place]:.2f}, q {effects.q[place]:.1g}; "
        f"{len(units)} units of norm5 change much: {', '.join(map(str, units[:5])) or 'none'}"
    )
    devices = [each for each in audit.found if each.name.startswith("device:")]
    flags = [each.outputs.effects.large for each in devices if each.outputs is not None]
    reads = bool(effects.large[place])
    return Said(reads, figures, int(sum(each.sum() for each in flags)) - reads, sum(map(len, flags)) - 1)


def _named(audit: PairsAudit, name: str) -> Found:
    return next(each for each in audit.found if each.name == name)


def by_run(config: RunConfig) -> Said:
    with RunReader(run(config, Silent())) as reader:
        audit = Audit(reader, Outcomes.of(reader))
        every = [each for each in audit.classes() if each.judged]
        names = [trait.value for trait in audit.traits.found]
        mine = [each for each in every if reader.classes[each.number] == FINDING and names[each.trait] == TUBE]
        flags = sum(bool(each.reads) for each in every)
        if not mine:
            return Said(False, "too few films", flags, len(every))
        (found,) = mine
        units = ", ".join(f"{each.layer}:{each.unit}" for each in audit.carriers(found)) or "none"
        figures = (
            f"AUROC of its own films with a tube {_areas(found.own)}, of others {_areas(found.others)}; "
            f"A of the tube {found.area:.2f}; units: {units}"
        )
        reads = found.reads > 0
        return Said(reads, figures, flags - reads, len(every) - 1)


def _areas(found: Gap) -> str:
    """The AUROCs of films with a tube and without one, with how many there are and the 95 % interval of the gap."""
    gap = "not tested" if np.isnan(found.difference) else f"{found.low:+.2f} to {found.high:+.2f}"
    return f"{found.having.value:.2f} ({found.having.positives}), without {found.lacking.value:.2f}, gap {gap}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, help="folder of biased.safetensors and balanced.safetensors")
    parser.add_argument("--seeds", type=int, default=len(SEEDS), help="how many of the probing sets (default: all)")
    parser.add_argument("--by", nargs="+", choices=("pairs", "run"), default=("pairs", "run"))
    parser.add_argument("--pairs", type=int, default=40, help="pairs of each kind (default: %(default)s)")
    parser.add_argument("--count", type=int, default=2400, help="films of a probing set (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    chosen = parser.parse_args()
    torch.set_num_threads(chosen.workers)
    _keep_films()
    started = time.perf_counter()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        weights = chosen.weights or folder
        if chosen.weights is None:
            train(folder, chosen.workers, print)
            print(f"trained in {time.perf_counter() - started:.0f} s", flush=True)
        said: dict[tuple[str, str], list[Said]] = {}
        for way in chosen.by:
            for seed in SEEDS[: chosen.seeds]:
                for name in CLASSIFIERS:
                    path = weights.resolve() / f"{name}.safetensors"
                    config = config_of(folder, name, path, seed, chosen.count)
                    each = by_pairs(config, chosen.pairs) if way == "pairs" else by_run(config)
                    said.setdefault((name, way), []).append(each)
                    verdict = "FLAGGED" if each.reads else "spared "
                    print(f"{seed} {name:8} {way:5} {verdict} {each.figures}", flush=True)
        for (name, way), every in said.items():
            flagged, others = sum(each.reads for each in every), sum(each.others for each in every)
            print(
                f"{name} by {way}: flagged on {flagged} of {len(every)} probing sets; "
                f"other flags {others} of {sum(each.asked for each in every)}"
            )
    print(f"{time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main()
