"""Checks the columns of an open run file that a query reads, each once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from engine.store.sums import COLUMN_SUMS, SUM, Column, Columns, ColumnSum, Rows, column_sums, columns, whole_hash

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
        read = rows(f"SELECT table_name, column_name, rows, sum, run FROM {COLUMN_SUMS}")  # noqa: S608 (a constant)
        [(this, _)] = Counter(run for *_, run in read).most_common(1) or [("", 0)]
        self.sums = {(table, name): ColumnSum(count, total) for table, name, count, total, run in read if run == this}
        self.sound: set[str] = set()
        """Queries whose columns are sound"""
        self._counted: dict[str, bool] = {}
        """Whether a table has as many rows as were written, where only this was asked"""
        self._checked: dict[Column, bool] = {}

    @property
    def whole_hash(self) -> str:
        """engine.store.sums.whole_hash of the file as it was written."""
        return whole_hash(self.sums)

    def written(self, table: str) -> int:
        """The rows that a table was written with; 0 where the file does not say."""
        return next((found.rows for (of, _), found in self.sums.items() if of == table), 0)

    def damaged(self, query: str) -> str:
        """The table of which a column that a query reads is not as it was written; "" where all are.

        Columns of arrays are left to the sums of their rows (Cursors.arrays).
        """
        words = set(_WORD.findall(query))
        for table in self._of(query):
            if table not in self.tables:  # a view may stand in its place
                return table
            read = [column for column in self.tables[table] if column.name in words or "SELECT" not in words]
            if not self.are_sound(table, [each for each in read if each.name != SUM and not each.of_arrays]):
                return table
        self.sound.add(query)
        return ""

    def reads_arrays(self, query: str) -> bool:
        """Whether a query reads columns of arrays, and not some that another program has made such columns."""
        words = set(_WORD.findall(query))
        return any(
            column.of_arrays and column.name in words and (table, column.name) not in self.sums
            for table in self._of(query)
            for column in self.tables.get(table, ())
        )

    def are_sound(self, table: str, read: Sequence[Column]) -> bool:
        """Whether a table has its columns and rows, and these columns are as they were written."""
        names = {column.name for column in self.tables[table] if not column.of_arrays}
        written = {name: found for (of, name), found in self.sums.items() if of == table}
        fresh = [column for column in read if column not in self._checked]
        if written.keys() != names or not written:
            return False
        if fresh:
            found = column_sums(table, fresh, written[fresh[0].name].rows, self._ask)
            self._checked |= {each: found[each.name] == written[each.name] for each in fresh}
        elif table not in self._counted:
            [(count,)] = self._rows(f"SELECT count(*) FROM {table}")  # noqa: S608 (a table of the schema)
            self._counted[table] = {each.rows for each in written.values()} == {count}
        return self._counted.get(table, True) and all(self._checked[column] for column in read)

    def _of(self, query: str) -> Iterable[str]:
        """The tables that a query reads."""
        named = ",".join(_TABLES.findall(query)).replace(" ", "").split(",")
        return [table for table in named if table not in ("", COLUMN_SUMS)]
