"""The study's runs, made by the engine: each classifier on each set of films."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.evaluation.synonyms import nih14_synonyms
from engine.probing.findings import FINDINGS
from engine.probing.phantom.attribute_words import AGE_WORDS, ANY_DEVICE, DEVICE_WORDS, MARKER_WORDS, SEX_WORDS
from engine.probing.phantom.lexicon import LEXICON
from engine.probing.phantom.parameter_words import PARAMETER_WORDS, VIEW_WORDS
from engine.progress import Silent
from engine.run.pipeline import run
from tests.benchmarks.words.classifiers import ARCHITECTURES, weights_path
from tests.benchmarks.words.rules import MAPPED

KEPT_SEEDS = range(7001, 8000)
"""Populations that nobody renders: they are kept for a later check"""
NOUN_TAGS = ("NN", "NNS", "NNP")
DEMO = "demo"
"""The packaged classifier, for films that are no phantoms"""


@dataclass(frozen=True, slots=True)
class Films:
    """A set of films, with the concept sets that compete on it."""

    name: str
    probing: dict[str, Any]
    """The table [probing]"""
    concepts: tuple[dict[str, Any], ...]
    """The tables [[concepts]]"""

    @property
    def sets(self) -> list[str]:
        return [table["name"] for table in self.concepts]


def phantoms(seed: int, count: int, terms: Path) -> Films:
    """`count` films of the population `seed`. Raises ConfigError for one of KEPT_SEEDS."""
    if seed in KEPT_SEEDS:
        raise ConfigError(f"seed {seed} is kept for a later check: choose one outside 7001 to 7999.")
    sets = (
        {"name": "reports", "kind": "probing_reports"},
        {"name": "terms", "kind": "word_list", "path": str(terms.absolute())},
    )
    return Films(str(seed), {"kind": "phantom", "seed": seed, "count": count}, sets)


def real_films(shared: Path) -> Films:
    """The 48 films of NIH ChestX-ray14 in the project's shared material, with their labels of the official split."""
    data = shared.absolute() / "data"
    probing = {"kind": "csv", "csv": str(data / "xray" / "labels.csv"), "path_column": "path"}
    reports = {"name": "reports", "kind": "reports", "path": str(data / "reports"), "min_reports": 3}
    sets = (
        reports | {"nltk_data": str(data / "nltk_data")},
        {"name": "terms", "kind": "word_list", "path": str(data / "nih14" / "mimic_nouns.txt")},
    )
    return Films("real", probing | {"labels_column": "finding"}, sets)


def write_terms(path: Path) -> None:
    """The second concept set: every noun of phantom reports, the names of what phantoms vary with their synonyms, and
    as many terms that no phantom shows (terms.txt)."""
    words = {word.lower() for word, tag in LEXICON.items() if tag in NOUN_TAGS}
    words |= {name.lower().replace("_", " ") for name in FINDINGS}
    words |= {synonym for synonyms in nih14_synonyms().values() for synonym in synonyms}
    words |= {word for names in PARAMETER_WORDS.values() for word in (*names.always, *names.high, *names.low)}
    values = (VIEW_WORDS, SEX_WORDS, DEVICE_WORDS, MARKER_WORDS)
    words |= {word for names in values for listed in names.values() for word in listed}
    words |= {*AGE_WORDS.high, *AGE_WORDS.low, *ANY_DEVICE}
    foreign = Path(__file__).with_name("terms.txt").read_text(encoding="utf-8")
    path.write_text("\n".join(sorted(words)) + "\n" + foreign, encoding="utf-8")


def run_file(folder: Path, films: Films, classifier: str) -> Path:
    return folder / f"{films.name}_{classifier}.duckdb"


def compute(folder: Path, weights: Path, films: Films, classifiers: Sequence[str], *, mapped: bool) -> list[Path]:
    """The run of each classifier on the films. What does not depend on the classifier is computed once."""
    outs: list[Path] = []
    for name in classifiers:
        out = run_file(folder, films, name)
        config = out.with_suffix(".toml")
        config.write_text(_config(out, weights, films, name, mapped=mapped), encoding="utf-8")
        run(load_config(config), Silent(), sorted(folder.glob(f"{films.name}_*.duckdb")))
        outs.append(out)
    return outs


def _config(out: Path, weights: Path, films: Films, name: str, *, mapped: bool) -> str:
    of = ARCHITECTURES["densenet" if name == DEMO else name]
    made = {"factory": f"{__package__}.classifiers:classifier"}
    arguments = {"name": name, "weights": str(weights_path(weights, name).absolute())}
    source = {"kind": DEMO} if name == DEMO else {"kind": "factory", **made, "arguments": arguments}
    target = source | {"layers": [*of.hidden, of.final], "probabilities": "sigmoid"}
    tables: dict[str, dict[str, Any]] = {
        "run": {"out": str(out.absolute()), "batch_size": 64, "device": "cpu"},
        "keep": {"films": False, "maps": False},
        "probing": films.probing,
        "target": target,
        "vlm": {"kind": "demo"},
    }
    parts = [_table(f"[{title}]", table) for title, table in tables.items()]
    parts += [_table("[[concepts]]", table) for table in films.concepts]
    return "\n".join([*parts, *(f"[methods.{method}]" for method in (MAPPED if mapped and of.maps else ()))])


def _table(title: str, table: dict[str, Any]) -> str:
    return "\n".join([title, *(f"{key} = {_value(value)}" for key, value in table.items()), ""])


def _value(value: Any) -> str:
    """TOML of text, numbers, booleans, lists of them, and one table within another."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(inner)}" for key, inner in value.items()) + "}"
    return json.dumps(value)
