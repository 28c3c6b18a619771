"""Checks the columns of an open run file that a query reads, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby

from engine.store.sums import COLUMN_SUMS, SUM, Column, Columns, ColumnSum, Rows, column_sum, columns, whole_hash

_TABLES = re.compile(r"\b(?:FROM|JOIN) (\w+(?:, \w+)*)")
_WORD = re.compile(r"\w+")


class Checks:
    """Which columns a file has, and whether those that were read are as they were written."""

    def __init__(self, rows: Rows, ask: Columns) -> None:
        """`rows` and `ask` read without a check."""
        self._ask = ask
        self._rows = rows
        named = groupby(columns(rows), key=lambda column: column.table)
        self.tables: dict[str, tuple[Column, ...]] = {table: tuple(found) for table, found in named}
        read = rows(f"SELECT table_name, column_name, rows, sum FROM {COLUMN_SUMS}")  # noqa: S608 (a constant)
        self.sums = {(table, name): ColumnSum(count, total) for table, name, count, total in read}
        self._sound: set[str] = set()
        """Queries whose columns are sound"""
        self._checked: dict[Column | str, bool] = {}

    @property
    def whole_hash(self) -> str:
        """engine.store.sums.whole_hash of the file as it was written."""
        return whole_hash(self.sums)

    def damaged(self, query: str) -> str:
        """The table of which a column that a query reads is not as it was written; "" where all are.

        Columns of arrays are left to the sums of their rows (Cursors.arrays).
        """
        if query in self._sound:
            return ""
        words = set(_WORD.findall(query))
        for table in self._of(query):
            if not self._is_whole(table):
                return table
            for column in self.tables[table]:
                read = column.name in words or "SELECT" not in words
                if read and column.name != SUM and not column.of_arrays and not self.is_sound(column):
                    return table
        self._sound.add(query)
        return ""

    def reads_arrays(self, query: str) -> bool:
        """Whether a query reads columns of arrays."""
        words = set(_WORD.findall(query))
        return any(column.of_arrays and column.name in words for t in self._of(query) for column in self.tables[t])

    def is_sound(self, column: Column) -> bool:
        """Whether a column is as it was written."""
        if column not in self._checked:
            known = self.sums.get((column.table, column.name))
            self._checked[column] = known is not None and known == column_sum(column, self._ask)
        return self._checked[column]

    def _of(self, query: str) -> Iterable[str]:
        """The tables that a query reads."""
        named = ",".join(_TABLES.findall(query)).replace(" ", "").split(",")
        return [table for table in named if table in self.tables and table != COLUMN_SUMS]

    def _is_whole(self, table: str) -> bool:
        """Whether a table has its columns, and as many rows as were written."""
        if table not in self._checked:
            [(count,)] = self._rows(f"SELECT count(*) FROM {table}")  # noqa: S608 (a table of the schema)
            known = {name: found.rows for (of, name), found in self.sums.items() if of == table}
            names = {column.name for column in self.tables[table] if not column.of_arrays}
            self._checked[table] = known == dict.fromkeys(names, count)
        return self._checked[table]
