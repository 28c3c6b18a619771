"""Damaged run files: bits, blocks zeroed, foreign, swapped or copied, cut off, changed by another program.

Each answer of a damaged file is the sound file's, or an error of one line that names the file.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields, is_dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from engine.annotation.cuts import Cuts
from engine.auditing.layers import TraitFinder
from engine.decisions.film import FilmDecision
from engine.decisions.outputs import Outcomes
from engine.errors import RunFileError
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.decision_records import OVER
from engine.store.finished import FinishedRun
from engine.store.reader import RunReader
from tests.hard_knocks.block_damages import damage
from tests.hard_knocks.knock import Outcomes as Tries
from tests.hard_knocks.knock import Setting
from tests.hard_knocks.sandbox import fall_of
from tests.support.complete import METHODS, complete_run

IMAGES, DIMENSION = 520, 32
CUTS = (Cuts(0.93, 0.95), Cuts(0.6, 0.9, "set 1"), Cuts(0.8, 0.7, None, "z"))
SECONDS = 30.0
LONG = ("evidence",)
"""Questions that every third try asks: they take a third of the time"""

Question = Callable[[], object]


def knock(setting: Setting) -> Tries:
    sound = _folder(setting, "sound") / "run.duckdb"
    # DuckDB's threads would not survive a fork: a process of its own uses it before the tries.
    with ProcessPoolExecutor(1, get_context("spawn")) as before:
        expected, foreign = before.submit(_prepare, sound).result()
    data = sound.read_bytes()
    yield None if all(isinstance(answer, str) for answer in expected.values()) else f"the sound file: {expected}"
    folder = _folder(setting, "damaged")
    path = folder / "run.duckdb"
    for number in range(setting.count(24, 1000)):
        told = folder / "damage"

        def try_it(number: int = number, told: Path = told) -> None:
            chance = random.Random(f"{setting.seed} {number}")
            path.write_bytes(data)
            told.write_text(damage(path, data, foreign, chance))
            ask(path, expected, left_out=() if number % 3 == 0 else LONG)

        fall = fall_of(try_it, folder, seconds=SECONDS)
        what = told.read_text() if told.exists() else "while it was damaged"
        for left in folder.iterdir():
            left.unlink()
        yield fall and f"try {number} of seed {setting.seed} ({what}): {fall}"


def _prepare(sound: Path) -> tuple[dict[str, object], bytes]:
    """Writes the sound file; gives its answers, and the bytes of another run."""
    complete_run(sound.parent, images=IMAGES, dimension=DIMENSION)
    expected = {name: _answer(question, sound) for name, question in questions(sound)}
    with TemporaryDirectory() as folder:
        other = complete_run(Path(folder), images=IMAGES, dimension=DIMENSION, units=(5, 6))
        return expected, other.read_bytes()


def _folder(setting: Setting, name: str) -> Path:
    folder = setting.folder / name
    folder.mkdir()
    return folder


def ask(path: Path, expected: Mapping[str, object], left_out: Sequence[str] = ()) -> None:
    """Asks a damaged file everything. Raises AssertionError with what it answers wrongly."""
    for name, question in questions(path):
        if name in left_out:
            continue
        answer = _answer(question, path)
        if isinstance(answer, Exception) or answer == expected[name]:
            continue
        raise AssertionError(f"another answer to {name}, without a word")


def _answer(question: Question, path: Path) -> object:
    """A hash of the answer; the error of a file that says that it is damaged."""
    try:
        return hashlib.sha256(repr(_plain(question())).encode()).hexdigest()
    except RunFileError as error:
        if len(str(error).splitlines()) != 1 or not str(error).startswith(str(path)):
            raise AssertionError(f"an error of other than one line about the file: {error}") from error
        return error


def questions(path: Path) -> Iterator[tuple[str, Question]]:
    """Everything that readers of a run file ask it, by name. Raises RunFileError for a file that cannot be opened."""
    reader = RunReader(path)
    requery, evidence = Requery(reader), None
    yield "the run", lambda: (reader.info, reader.layers, reader.concepts, reader.concept_sets, reader.own)
    for layer, (place, cuts) in product(reader.layers, enumerate(CUTS)):
        for unit in range(place, layer.units, len(CUTS)):
            yield f"{layer.name}:{unit} at {cuts}", lambda a=(layer.name, unit, cuts): requery.neuron(*a)
        yield f"{layer.name} at {cuts}", lambda a=(layer.name, cuts): requery.layer(*a)
    for layer in reader.layers:
        yield f"{layer.name}", lambda layer=layer: reader.arrays.activations(layer)
        yield f"findings of {layer.name}", lambda layer=layer: reader.findings(layer.name)
        yield f"own words of {layer.name}", lambda a=layer: reader.arrays.own_words(a, range(a.units))
        for method in METHODS:
            yield f"{method} of {layer.name}", lambda a=(method, layer.name): reader.method_scores(*a)
        for over in OVER:
            yield f"importance of {layer.name}, {over}", lambda a=(layer.position, over): reader.importance(*a)
        for unit in range(0, layer.units, 3):
            yield f"maps of {layer.name}:{unit}", lambda a=layer.first_neuron + unit: reader.unit_maps(a)
    last = reader.layers[-1] if reader.layers else None
    if last:
        evidence = Evidence(reader, requery)
        yield "evidence", lambda: evidence.neuron(last.name, last.units - 1, CUTS[0])
        yield "rows of a layer", lambda: reader.layer_rows(last, np.arange(3, 90, 7))
    for image in range(0, reader.image_count, 173):
        yield f"film {image}", lambda image=image: reader.images([image])
        yield f"thumbnail of {image}", lambda image=image: reader.thumbnail(image)
        yield f"activations of film {image}", lambda image=image: reader.film_activations(image)
        yield f"decision of film {image}", lambda i=image: FilmDecision.of(reader, Outcomes.of(reader), i)
        yield f"class map of {image}", lambda image=image: reader.class_map(image, 1)
    for name in ("set_aside", "input_statistics", "label_table", "parameter_table", "attributes", "paths", "digests"):
        yield name, lambda name=name: getattr(reader, name)()
    for name in ("patients", "views", "reports", "stages", "sources", "parts", "image_keys", "part_reasons"):
        yield name, lambda name=name: getattr(reader, name)()
    for name in ("notes", "other_templates", "captions", "methods", "missing", "outputs", "head", "important_layers"):
        yield name, lambda name=name: getattr(reader, name)
    arrays = reader.arrays
    for name in ("image_embeddings", "inverse_lengths", "bare_text_embeddings", "caption_embeddings"):
        yield name, lambda name=name: getattr(arrays, name)()
    for name in ("text_embeddings", "concept_moments", "spread"):
        yield name, lambda name=name: getattr(arrays, name)()
    yield "another template", lambda: arrays.other_template(1)
    yield "reported", lambda: reader.reported("film 3")
    yield "traits", lambda: last and TraitFinder(reader).layer(last)
    yield "what a run takes over", lambda: _taken_over(reader)


def _taken_over(reader: RunReader) -> object:
    finished = FinishedRun(reader.path, reader)
    parts = {name: key for key, name in finished._names.items()}
    held, usable = finished.held(list(parts.values())), finished.usable
    values = [finished.vectors(key, usable) for name, key in parts.items() if name not in ("film", "class maps")]
    films = [finished.films(key, usable[::50]) for name, key in parts.items() if name == "film"]
    shares = [finished.layer_shares(layer.name) for layer in reader.layers]
    return held, values, films, shares, finished.texts(), reader.class_map_blobs([0, IMAGES - 1])


def _plain(value: Any) -> object:
    """Arrays and records as values whose repr says all."""
    if value is None or isinstance(value, str | bytes | int | float):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes() if value.dtype != object else value.tolist()
    if isinstance(value, np.generic):
        return value.dtype.str, value.tobytes()
    if isinstance(value, Mapping):
        return [(_plain(key), _plain(each)) for key, each in value.items()]
    if isinstance(value, tuple | list | range):
        return [_plain(each) for each in value]
    if callable(value):
        return value.__name__
    return sorted(value) if isinstance(value, frozenset | set) else value
