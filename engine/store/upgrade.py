"""Brings a run file of an older schema to the current one."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import RunFileError
from engine.store import schema
from engine.store.database import connect
from engine.store.whole_file import written_whole


def upgrade(path: Path) -> None:
    """Migrates a copy and puts it in the file's place. Readers that have the old file open keep it.

    Raises RunFileError when the folder cannot be written.
    """
    try:
        with written_whole(path) as copy:
            shutil.copyfile(path, copy)
            connection = connect(copy, read_only=False, memory="512MB", threads=2)
            try:
                schema.migrate(connection)
                connection.execute("CHECKPOINT run")
            finally:
                connection.close()
    except OSError as error:
        raise RunFileError(
            f"{path}: written by an older mammi, and cannot be brought up to date in its folder ({error.strerror}); "
            "copy it to one that can be written"
        ) from error
