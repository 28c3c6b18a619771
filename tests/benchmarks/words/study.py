"""Trains what is missing, makes the runs, scores them, and writes the tables."""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from tests.benchmarks.words.classifiers import ARCHITECTURES
from tests.benchmarks.words.measure import Score, measure
from tests.benchmarks.words.runs import DEMO, Films, compute, phantoms, real_films, write_terms
from tests.benchmarks.words.table import Row, by_classifier, markdown, rows, text
from tests.benchmarks.words.training import Recipe, train_missing

TEST_SEEDS, DEVELOPMENT_SEEDS = (3001, 3002, 3003, 3004, 3005), (2101, 2102)
"""Nothing is chosen on the first"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is compared."""

    seeds: tuple[int, ...] = TEST_SEEDS
    films: int = 1_200
    classifiers: tuple[str, ...] = tuple(ARCHITECTURES)
    recipe: Recipe = field(default_factory=Recipe)
    mapped: bool = True
    """Whether the methods that need maps take part"""
    shared: Path | None = None
    """The project's shared material, where the real films are; None leaves them out"""


QUICK = Plan(DEVELOPMENT_SEEDS, 300, recipe=Recipe(600, 200, 0.5), mapped=False)


def study(plan: Plan, out: Path, workers: int, log: Callable[[str], None] = print) -> list[Row]:
    """The rows over all classifiers. Writes scores.json, table.txt and table.md to `out`, which keeps weights and runs:
    what is there already is not computed again."""
    started = time.perf_counter()
    out.mkdir(parents=True, exist_ok=True)
    weights, runs = out / "weights", out / "runs"
    runs.mkdir(exist_ok=True)
    terms = out / "terms.txt"
    write_terms(terms)
    sets = [phantoms(seed, plan.films, terms) for seed in plan.seeds]  # before hours of work: it may refuse a seed
    train_missing(weights, plan.classifiers, plan.recipe, workers, log)
    scores = _scores(partial(_of_films, runs, weights, plan.classifiers, plan.mapped), sets, workers, log)
    found = rows(scores, plan.classifiers)
    parts = {"All classifiers": found} | {name: rows(scores, [name]) for name in plan.classifiers}
    real = []
    if plan.shared is not None:
        real = _of_films(runs, weights, (DEMO, *plan.classifiers), False, real_films(plan.shared))
        parts["Real films"] = rows(real, (DEMO, *plan.classifiers))
    seconds = time.perf_counter() - started
    _write(out, plan, [*scores, *real], parts, seconds)
    log(text(found))
    log(f"{seconds / 60:.0f} minutes; tables in {out}")
    return found


def _of_films(runs: Path, weights: Path, classifiers: Sequence[str], mapped: bool, films: Films) -> list[Score]:
    paths = compute(runs, weights, films, classifiers, mapped=mapped)
    return [score for path, name in zip(paths, classifiers, strict=True) for score in measure(path, films.name, name)]


def _scores(
    of_films: Callable[[Films], list[Score]], sets: Sequence[Films], workers: int, log: Callable[[str], None]
) -> list[Score]:
    """The scores of all sets, each computed in a process of its own where there are several workers."""
    scores = []
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        found = pool.map(of_films, sets) if workers > 1 else map(of_films, sets)
        for films, of_set in zip(sets, found, strict=True):
            log(f"population {films.name}: {len(of_set)} scores")
            scores += of_set
    return scores


def _write(out: Path, plan: Plan, scores: Sequence[Score], parts: dict[str, list[Row]], seconds: float) -> None:
    facts = {
        "plan": asdict(plan) | {"shared": plan.shared is not None},
        "seconds": round(seconds),
        "scores": [score.as_dict() for score in scores],
        "rows": {title: [asdict(row) for row in found] for title, found in parts.items()},
    }
    (out / "scores.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    told = "\n".join(f"{title}\n\n{text(found)}" for title, found in parts.items())
    (out / "table.txt").write_text(told, encoding="utf-8")
    shown = [f"{title}\n\n{markdown(parts[title])}" for title in parts if title not in plan.classifiers]
    each = by_classifier({name: parts[name] for name in plan.classifiers})
    (out / "table.md").write_text("\n".join([*shown, "Hidden units, by classifier\n", each]), encoding="utf-8")
