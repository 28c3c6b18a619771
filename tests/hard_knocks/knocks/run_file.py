"""Damaged run files: bits, blocks zeroed, foreign, swapped or copied, cut off, changed by another program.

Each answer of a damaged file is the sound file's, or an error of one line that names the file.
"""

# ruff: noqa: S608 (names of tables and columns that DuckDB tells)

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import fields, is_dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
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
from tests.hard_knocks.knock import Outcomes as Tries
from tests.hard_knocks.knock import Setting
from tests.hard_knocks.sandbox import fall_of
from tests.support.complete import METHODS, complete_run

IMAGES, DIMENSION = 700, 32
BLOCK, PAGE = 1 << 16, 1 << 12
HEADERS = 3 * PAGE
"""Bytes of DuckDB's file before its blocks: the file's header and the two headers that are written in turn"""
CUTS = (Cuts(0.93, 0.95), Cuts(0.6, 0.9, "set 1"), Cuts(0.8, 0.7, None, "z"))
SECONDS = 30.0

Question = Callable[[], object]
Damage = Callable[[bytearray, bytes, random.Random], str]


def knock(setting: Setting) -> Tries:
    sound = _folder(setting, "sound") / "run.duckdb"
    # DuckDB's threads would not survive a fork: a process of its own uses it before the tries.
    with ProcessPoolExecutor(1, get_context("spawn")) as before:
        expected, foreign = before.submit(_prepare, sound).result()
    data = sound.read_bytes()
    yield None if all(isinstance(answer, str) for answer in expected.values()) else f"the sound file: {expected}"
    folder = _folder(setting, "damaged")
    path = folder / "run.duckdb"
    for number in range(setting.count(40, 1000)):
        told = folder / "damage"

        def try_it(number: int = number, told: Path = told) -> None:
            chance = random.Random(f"{setting.seed} {number}")
            path.write_bytes(data)
            told.write_text(damage(path, data, foreign, chance))
            ask(path, expected)

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


def ask(path: Path, expected: Mapping[str, object]) -> None:
    """Asks a damaged file everything. Raises AssertionError with what it answers wrongly."""
    for name, question in questions(path):
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
    for layer, cuts in product(reader.layers, CUTS):
        for unit in range(layer.units):
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
        for unit in range(layer.units):
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
    yield "what a run takes over", lambda: _taken_over(path)


def _taken_over(path: Path) -> object:
    with FinishedRun(path) as finished:
        parts = {name: key for key, name in finished._names.items()}
        held = finished.held(list(parts.values()))
        usable = finished.usable
        values = [finished.vectors(key, usable) for name, key in parts.items() if name not in ("film", "class maps")]
        films = [finished.films(key, usable[::50]) for name, key in parts.items() if name == "film"]
        shares = [finished.layer_shares(layer.name) for layer in finished.reader.layers]
        return held, values, films, shares, finished.texts(), finished.reader.class_map_blobs([0, 699])


def damage(path: Path, data: bytes, foreign: bytes, chance: random.Random) -> str:
    """Damages a file in place, and says how."""
    if chance.random() < 0.2:
        return _change(path, chance)
    damaged = bytearray(data)
    what = " and ".join(chance.choice(DAMAGES)(damaged, foreign, chance) for _ in range(chance.choice((1, 1, 1, 2))))
    path.write_bytes(damaged)
    return what


def _bits(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    places = [chance.randrange(len(data)) for _ in range(chance.choice((1, 1, 4, 30)))]
    for place in places:
        data[place] ^= 1 << chance.randrange(8)
    return f"{len(places)} bits, the first in byte {places[0]}"


def _top_bits(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    block, first, second = _block(data, chance, BLOCK), *chance.sample(range(1, BLOCK // 8), 2)
    for word in (first, second):
        data[block + 8 * word + 7] ^= 0x80
    return f"the top bits of words {first} and {second} of the block at {block}"


def _block(data: bytearray, chance: random.Random, size: int) -> int:
    """The first byte of a block or page, but for the headers."""
    return HEADERS + size * chance.randrange((len(data) - HEADERS) // size)


def _run(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    first, size = chance.randrange(len(data)), chance.choice((3, 64, 1000, 20000))
    data[first : first + size] = chance.randbytes(len(data[first : first + size]))
    return f"{size} random bytes at {first}"


def _zeroed(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    size = chance.choice((PAGE, BLOCK))
    place = _block(data, chance, size)
    data[place : place + size] = bytes(size)
    return f"{size} zeros at {place}"


def _foreign(data: bytearray, foreign: bytes, chance: random.Random) -> str:
    size = chance.choice((PAGE, BLOCK))
    place, source = _block(data, chance, size), _block(bytearray(foreign), chance, size)
    data[place : place + size] = foreign[source : source + size]
    return f"{size} bytes of {source} in another file at {place}"


def _swapped(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    size = chance.choice((PAGE, BLOCK, BLOCK))
    one, two = _block(data, chance, size), _block(data, chance, size)
    data[one : one + size], data[two : two + size] = data[two : two + size], data[one : one + size]
    return f"{size} bytes at {one} and {two} swapped"


def _swapped_within(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    block, (one, two) = _block(data, chance, BLOCK), chance.sample(range(1, BLOCK // PAGE), 2)
    one, two = block + one * PAGE, block + two * PAGE
    data[one : one + PAGE], data[two : two + PAGE] = data[two : two + PAGE], data[one : one + PAGE]
    return f"{PAGE} bytes at {one} and {two} of one block swapped"


def _copied(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    size = chance.choice((PAGE, BLOCK, BLOCK))
    one, two = _block(data, chance, size), _block(data, chance, size)
    data[one : one + size] = data[two : two + size]
    return f"{size} bytes of {two} copied to {one}"


def _cut(data: bytearray, _foreign: bytes, chance: random.Random) -> str:
    del data[chance.choice((chance.randrange(len(data)), _block(data, chance, BLOCK))) :]
    return f"cut off after {len(data)} bytes"


def _longer(data: bytearray, foreign: bytes, chance: random.Random) -> str:
    more = chance.choice((bytes(BLOCK), chance.randbytes(5000), foreign[HEADERS : HEADERS + 2 * BLOCK]))
    data += more
    return f"{len(more)} bytes more"


def _headers(data: bytearray, foreign: bytes, chance: random.Random) -> str:
    kind = chance.choice(("swapped", "one twice", "foreign", "bytes"))
    one, two = slice(PAGE, 2 * PAGE), slice(2 * PAGE, 3 * PAGE)
    if kind == "swapped":
        data[one], data[two] = data[two], data[one]
    elif kind == "one twice":
        data[one] = data[two]
    elif kind == "foreign":
        data[:HEADERS] = foreign[:HEADERS]
    else:
        data[chance.randrange(HEADERS)] = chance.randrange(256)
    return f"headers: {kind}"


DAMAGES: tuple[Damage, ...] = (
    *(_bits, _bits, _top_bits, _run, _zeroed, _foreign, _swapped, _swapped, _swapped_within),
    *(_copied, _copied, _cut, _longer, _headers),
)


def _change(path: Path, chance: random.Random) -> str:
    """Lets another DuckDB client change rows."""
    with duckdb.connect(path) as client:
        tables = client.execute("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        table = chance.choice(tables)[0]
        columns = client.execute(f"DESCRIBE {table}").fetchall()
        name, kind = chance.choice(columns)[:2]
        others = f"(SELECT {name} FROM {table} USING SAMPLE 1 ROWS (reservoir, {chance.randrange(1000)}))"
        change = chance.choice(
            [
                f"UPDATE {table} SET {name} = NULL WHERE rowid % 3 = {chance.randrange(3)}",
                f"UPDATE {table} SET {name} = {others}",
                f"UPDATE {table} SET {name} = {_other(name, kind)}",
                f"DELETE FROM {table} WHERE rowid % 7 = {chance.randrange(7)}",
                f"DELETE FROM {table}",
                f"INSERT INTO {table} SELECT * FROM {table} LIMIT 3",
                f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM {table} ORDER BY rowid DESC",
                f"ALTER TABLE {table} RENAME TO other",
                f"ALTER TABLE {table} DROP COLUMN {name}",
            ]
        )
        with suppress(duckdb.Error):  # such as the removal of a table's last column
            client.execute(change)
    return change


def _other(name: str, kind: str) -> str:
    """A value that differs from that of a column, as SQL."""
    if kind.endswith("]") or kind == "BLOB":
        return f"CASE WHEN rowid > 0 THEN {name} END"
    if kind == "VARCHAR":
        return f"{name} || 'x'"
    return f"NOT {name}" if kind == "BOOLEAN" else f"{name} + 1"


def _plain(value: Any) -> object:
    """Arrays and records as values whose repr says all."""
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
