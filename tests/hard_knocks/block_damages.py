"""Damages of a run file: bits, blocks zeroed, foreign, swapped or copied, cut off, changed by another program."""

# ruff: noqa: S608 (names of tables and columns that DuckDB tells)

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb

BLOCK, PAGE = 1 << 16, 1 << 12
HEADERS = 3 * PAGE
"""Bytes of DuckDB's file before its blocks: the file's header and the two headers that are written in turn"""

Damage = Callable[[bytearray, bytes, random.Random], str]


def damage(path: Path, data: bytes, foreign: bytes, chance: random.Random) -> str:
    """Damages a file in place, and says how."""
    if chance.random() < 0.2:
        return _change(path, chance)
    damaged = bytearray(data)
    chosen = [chance.choice(DAMAGES) for _ in range(chance.choice((1, 1, 1, 2)))]
    chosen = [each for each in chosen if each is not _cut] + [_cut] * (_cut in chosen)  # after it little may be left
    what = " and ".join(each(damaged, foreign, chance) for each in chosen)
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


_TYPES = (
    *("VARCHAR USING 'a'", "VARCHAR[] USING ['a']", "BIGINT USING 1", "BOOLEAN USING true"),
    *("DOUBLE[] USING [1.0]", "TIMESTAMP USING TIMESTAMP '2026-01-01'", "STRUCT(a INTEGER) USING {'a': 1}"),
    *(
        "UUID USING uuid()",
        "MAP(INTEGER, INTEGER) USING MAP {1: 2}",
        "ENUM('a', 'b') USING 'a'",
        "BLOB USING 'a'::BLOB",
    ),
)
"""Types that another program may give a column, with what it then holds"""


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
                f"ALTER TABLE {table} RENAME COLUMN {name} TO other",
                f"ALTER TABLE {table} ALTER COLUMN {name} TYPE {chance.choice(_TYPES)}",
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
