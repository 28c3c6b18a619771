"""Brings a run file of an older schema to the current one."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from engine.errors import RunFileError, disk_fault, first_line, writing
from engine.store import schema
from engine.store.database import Connection, connect
from engine.store.whole_file import alone_in, written_whole


def upgrade(path: Path, inode: int) -> None:
    """Migrates a copy and puts it in the file's place. Readers that have the old file open keep it.

    Where the file is not `inode` any more, another process has done so meanwhile: nothing is done.

    Raises RunFileError when the folder cannot be written, and for a damaged file, which stays as it is.
    """
    fault = "written by an older mammi; copy it to a folder where it can be brought up to date"
    with writing(path, "", fault, RunFileError), alone_in(path.parent):
        if path.stat().st_ino == inode:
            _migrate(path)


def _migrate(path: Path) -> None:
    with written_whole(path) as copy:
        shutil.copyfile(path, copy)
        shutil.copymode(path, copy)
        connection = connect(copy, read_only=False, memory="512MB", threads=2)
        try:
            _check_functions(path, connection)
            schema.migrate(connection)
            connection.execute("CHECKPOINT run")
        except (duckdb.Error, LookupError, TypeError, ValueError) as error:
            if disk_fault(error):
                raise
            raise RunFileError(
                f"{path}: damaged: what an older mammi wrote cannot be brought up to date ({first_line(error)})"
            ) from error
        finally:
            connection.close()


def _check_functions(path: Path, connection: Connection) -> None:
    """Raises RunFileError for a file with functions: they would be taken for DuckDB's own of the same names."""
    if names := schema.functions_of(lambda query: connection.execute(query).fetchall()):
        raise RunFileError(
            f"{path}: another program has put functions into it ({', '.join(names[:3])}); take them out (DROP MACRO) "
            "before it is brought up to date"
        )
