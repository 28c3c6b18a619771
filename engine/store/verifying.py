"""Goes over all of a run file, and says what is not as it was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.annotation.rows import parts
from engine.errors import RunFileError
from engine.progress import Progress, Silent
from engine.store import schema
from engine.store.cursors import Cursors, DamagedRows, named, place_of
from engine.store.database import LogBeside
from engine.store.image_tables import read_images
from engine.store.parts import CLASS_MAPS, EMBEDDING, FILM, HEAD_INPUTS, INPUT, OUTPUTS, part_of_layer
from engine.store.reader import opened
from engine.store.sums import COLUMN_SUMS, SUM, Column

_ROWS = 2048
_INPUT = {"input_low", "input_high", "input_mean", "input_std"}
_FILM = {"thumbnail", "size_bytes", "sha256", "width", "height", "reason"}
_PARTS = {"image_embeddings": EMBEDDING, "film_outputs": OUTPUTS, "head_inputs": HEAD_INPUTS, "film_maps": CLASS_MAPS}
_KEYS = {
    *(("images", name) for name in ("position", "image", "status", "film_key", "embedding_key")),
    *((table, name) for table in ("parts", "part_reasons") for name in ("name", "key", "position", "part", "reason")),
    *(("layers", name) for name in ("layer", "name", "units", "first_neuron")),
}
"""Columns without which no part of an image can be told from another"""
EVERYTHING = frozenset({"*"})
"""Damage.parts where nothing can be taken over"""


@dataclass(frozen=True)
class Damage:
    """Something in a run file is not as it was written."""

    what: str
    """In a reader's words, such as "the activations of layer1:3" """
    table: str = ""
    """"" where the file cannot be read at all"""
    parts: frozenset[str] = frozenset()
    """The names of the parts of images (engine.store.parts) that cannot be taken over; "*" for all"""
    images: frozenset[int] | None = None
    """Of which usable images, by index; None for all"""


def damages(path: Path, progress: Progress | None = None) -> Iterator[Damage]:
    """All damages of a run file, in the tables' order; nothing for a sound one. A damage raises nothing.

    It reads the whole file, some rows at a time. Raises LogBeside: without that log the file may be sound.
    """
    try:
        cursors = opened(path)
    except LogBeside:
        raise
    except RunFileError as error:
        why = str(error).removeprefix(f"{path}: ").partition("; `mammi doctor")[0]
        yield Damage(f"what the file says of itself ({why})", parts=EVERYTHING)
        return
    try:
        yield from _damages(cursors, progress or Silent())
    finally:
        cursors.close()


def every_part(cursors: Cursors) -> frozenset[str]:
    """The names of all parts that a run made of its images."""
    try:
        layers = [part_of_layer(name) for (name,) in cursors.rows("SELECT name FROM layers")]
    except RunFileError:
        return EVERYTHING
    return frozenset((FILM, INPUT, EMBEDDING, OUTPUTS, HEAD_INPUTS, CLASS_MAPS, *layers))


def _damages(cursors: Cursors, progress: Progress) -> Iterator[Damage]:
    checks = cursors.checks
    known, images = set(checks.sums), checks.written("image_embeddings")
    passes = {table: any(each.of_arrays for each in columns) + len(columns) for table, columns in checks.tables.items()}
    progress.stage("rows", images + sum(checks.written(table) * each for table, each in passes.items()))
    for table, columns in checks.tables.items():
        arrays = any(column.of_arrays for column in columns)
        damaged = list(_of_rows(cursors, table, progress)) if arrays else []
        yield from damaged
        for column in columns:
            known.discard((table, column.name))
            told = column.name == SUM and damaged  # the rows say which sums
            if not (column.of_arrays or told or table == COLUMN_SUMS or _is_sound(cursors, column)):
                yield _of_column(cursors, table, column.name)
            progress.advance(checks.written(table))
    for table, name in sorted(known):
        yield Damage(f"the column {name} of {table} is missing", table, every_part(cursors))
    yield from _of_records(cursors, images, progress)
    yield from _beside_tables(cursors)


def _beside_tables(cursors: Cursors) -> Iterator[Damage]:
    """What another program changed beside the tables. No answer of ours follows from it, but those that other programs
    get by SQL do."""
    try:
        views, functions = schema.views_of(cursors.unchecked_rows), schema.functions_of(cursors.unchecked_rows)
    except RunFileError as error:
        yield Damage(f"what the file says of its views ({error.fault.removeprefix(f'{cursors.path}: ')})")
        return
    yield from (Damage(f"the view {name}") for name, text in schema.own_views().items() if views.get(name) != text)
    yield from (Damage(f"the function {name}, which is none of mammi's,") for name in functions)


def _is_sound(cursors: Cursors, column: Column) -> bool:
    try:
        return cursors.checks.are_sound(column.table, [column])
    except RunFileError:  # DuckDB cannot read it
        return False


def _of_column(cursors: Cursors, table: str, name: str) -> Damage:
    what = f"the column {name} of the {named(table)}"
    if (table, name) in _KEYS:
        return Damage(what, table, every_part(cursors))
    if table == "images" and name in _FILM:
        return Damage(what, table, frozenset({FILM}))
    if table == "images" and name in _INPUT:
        return Damage(what, table, frozenset({INPUT}))
    return Damage(what, table)


def _of_rows(cursors: Cursors, table: str, progress: Progress) -> Iterator[Damage]:
    """The damages of a table's arrays: of each row, or of rows that DuckDB cannot read."""
    for some in parts(cursors.checks.written(table), _ROWS):
        damaged = _damaged(cursors, table, range(some.start, some.stop))
        if damaged:
            yield from _named(cursors, table, damaged)
        progress.advance(some.stop - some.start)


def _damaged(cursors: Cursors, table: str, places: range) -> list[int]:
    """The places of rows that are damaged; halves them where DuckDB cannot read them together."""
    try:
        found = cursors.arrays(table, "rowid BETWEEN ? AND ?", places.start, places.stop - 1)
    except DamagedRows as error:
        return error.places
    except RunFileError:
        if len(places) == 1:
            return [places.start]
        middle = places.start + len(places) // 2
        return [
            *_damaged(cursors, table, range(places.start, middle)),
            *_damaged(cursors, table, range(middle, places.stop)),
        ]
    return sorted(set(places) - set(found["rowid"].tolist()))


def _named(cursors: Cursors, table: str, places: list[int]) -> Iterator[Damage]:
    if table in ("activation_blocks", "partial_sums", "own_means", "unit_maps"):
        for unit in dict.fromkeys(place_of(cursors, table, place) for place in places):
            layer = unit.rpartition(":")[0]
            lost = frozenset({part_of_layer(layer)}) if layer else every_part(cursors)
            yield Damage(f"the {named(table)} of {unit}", table, lost if table == "activation_blocks" else frozenset())
    elif table in _PARTS:
        yield Damage(f"the {named(table)} of {_counted(places)}", table, frozenset({_PARTS[table]}), frozenset(places))
    elif table == "images":
        yield Damage(f"the thumbnails of {_counted(places)}", table, frozenset({FILM}), _usable(cursors, places))
    else:
        yield Damage(f"the {named(table)}, {_counted(places, 'row')}", table)


def _usable(cursors: Cursors, positions: list[int]) -> frozenset[int] | None:
    """The indices of usable images at positions of the probing set; None where they cannot be told."""
    try:
        images = dict(cursors.rows("SELECT position, image FROM images"))
    except RunFileError:
        return None
    return frozenset(images[place] for place in positions if images.get(place) is not None)


def _counted(places: list[int], one: str = "image") -> str:
    few = ", ".join(map(str, places[:3]))
    return f"{one} {few}" if len(places) <= 3 else f"{len(places):,} {one}s, the first {places[0]}"


def _of_records(cursors: Cursors, images: int, progress: Progress) -> Iterator[Damage]:
    """Images of which something that the probing set says is damaged."""
    for some in parts(images, _ROWS):
        wanted = list(range(some.start, some.stop))
        progress.advance(len(wanted))
        try:
            found = read_images(cursors.unchecked_rows, wanted)
            bad = [image for image in wanted if image not in found or found[image][0].record_sum != found[image][1]]
        except (RunFileError, LookupError, TypeError, ValueError):
            yield Damage(f"labels, boxes or attributes of {_counted(wanted)}", "images")
            continue
        if bad:
            yield Damage(f"labels, boxes or attributes of {_counted(bad)}", "images", frozenset(), frozenset(bad))
