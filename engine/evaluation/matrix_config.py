"""The configuration of a matrix of runs: a TOML file that names a run's configuration and what to vary in it.

[matrix] names the run, the output folder, the α and the counts of images. Each [[vlm]] and [[concepts]] adds one to the
run's own, written as in a run's configuration, with a `name` where two have the same kind. [methods.NAME] adds a method
to the run's. Relative paths start from the file's folder, except `matrix.out`, which starts from the current directory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import BaseModel, Field, field_validator

from engine.config.faults import Faults
from engine.config.file import SETS, override, read, set_name
from engine.config.leaves import WHAT, Leaf, Leaves, NamedLeaf
from engine.config.settings import RunConfig, load_config
from engine.likeness import closest
from engine.methods import is_computed

MATRIX = "matrix"
TABLES = (MATRIX, *WHAT, "methods")

Alpha = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class MatrixSettings(BaseModel, extra="forbid", frozen=True):
    """The [matrix] table."""

    run: Path
    """The configuration of the run that all others are made from"""
    out: Path
    """The folder for the run file of each VLM and for the tables"""
    alpha: tuple[Alpha, ...] = ()
    """α for MAMMI, added to the run's own"""
    counts: tuple[Count, ...] = (40,)
    """Fixed numbers of images, which WWW's selection takes in place of those above the threshold"""
    encoders: dict[str, Path] = {}
    """Folders of text encoders (engine.evaluation.encoders) by name; `clip` and `mpnet` stand for the paper's two"""
    own_encoder: bool = False
    """Whether the run's own VLM is one of the text encoders"""
    every_combination: bool = False
    """Whether every VLM goes with every concept set, method, α and count; else only one of them varies at a time"""

    @field_validator("encoders")
    @classmethod
    def _are_names(cls, encoders: dict[str, Path]) -> dict[str, Path]:
        for name in encoders:
            if not name.isidentifier() or name == "vlm":
                raise ValueError(
                    f"{name!r} is not a name for an encoder: use letters, digits and _; for vlm set own_encoder = true"
                )
        return encoders


@dataclass(frozen=True, slots=True)
class Matrix:
    """A checked matrix: one run for each VLM."""

    path: Path
    settings: MatrixSettings
    runs: Mapping[str, RunConfig]
    """Runs by their VLM's name, the base run first. Each `run.out` lies in the folder `settings.out`. Relative paths in
    parts from the matrix are rewritten to start from the run's `base`."""
    own_out: Path
    """The run file that the base run's own configuration names"""

    @property
    def base(self) -> RunConfig:
        return next(iter(self.runs.values()))

    @property
    def alphas(self) -> tuple[float, ...]:
        """All α, ascending, the run's own among them."""
        return tuple(sorted({self.base.run.alpha, *self.settings.alpha}))

    @property
    def encoders(self) -> dict[str, Path]:
        """The absolute folder of each text encoder."""
        folder = self.path.absolute().parent
        return {name: folder / path for name, path in self.settings.encoders.items()}


def load(path: Path, overrides: Sequence[str] = (), out: Path | None = None) -> Matrix:
    """Reads and checks a matrix; each override is `matrix.key=value`, `methods.NAME.key=value` or
    `concepts.NAME.key=value` for what the matrix adds, or `table.key=value` for the run it names.

    `out` replaces `matrix.out`. Raises ConfigError as engine.config.settings.load_config does.
    """
    tables = read(path)
    own = [text for text in overrides if _is_of_matrix(text, tables)]
    overridden = [override(tables, text) for text in own]
    if out is not None and isinstance(tables.get(MATRIX), dict):
        tables[MATRIX]["out"] = str(out)
    return _Checker(path, tables, overridden).matrix([text for text in overrides if text not in own])


def _is_of_matrix(text: str, tables: Mapping[str, Any]) -> bool:
    """Whether an override sets a key of the matrix's own tables."""
    table, name, *_ = [part.strip() for part in text.partition("=")[0].split(".")] + [""]
    added = tables.get(table)
    if table == "methods" and isinstance(added, dict):
        return name in added
    if table == SETS and isinstance(added, list):
        return name in map(set_name, added)
    return table == MATRIX


class _Checker:
    """Turns tables into a Matrix, or raises ConfigError for the first fault in them."""

    def __init__(self, path: Path, tables: dict[str, Any], overridden: Sequence[str]) -> None:
        self.path = path
        self.tables = tables
        self.faults = Faults(path, TABLES, overridden)
        self.leaves = Leaves(self.faults)

    def matrix(self, overrides: Sequence[str]) -> Matrix:
        self._check_tables()
        checked = self.faults.check(MATRIX, MatrixSettings, self.tables[MATRIX])
        vlms = self.leaves.several("vlm", self.tables["vlm"])
        sets = self.leaves.several(SETS, self.tables[SETS])
        methods = self.leaves.methods(self.tables["methods"])
        self.faults.raise_first()
        settings = cast(MatrixSettings, checked)
        base = self._base(settings, overrides)
        self._check_names("vlm", vlms, [base.vlm.kind])
        self._check_names(SETS, sets, [leaf.name for leaf in base.concepts])
        own = {leaf.kind: leaf for leaf in base.methods}
        base = replace(
            base,
            concepts=(*base.concepts, *(self._moved(leaf, base) for leaf in sets)),
            methods=tuple((own | {leaf.kind: self._moved(leaf, base) for leaf in methods}).values()),
        )
        runs = {base.vlm.kind: _written_to(base, settings.out, base.vlm.kind)}
        for leaf in vlms:
            runs[leaf.name] = _written_to(self._with_vlm(base, leaf, settings), settings.out, leaf.name)
        return Matrix(self.path, settings, runs, base.run.out)

    def _check_tables(self) -> None:
        for name, table in self.tables.items():
            if name not in TABLES:
                close = closest(name, TABLES, n=1)
                hint = f"Did you mean [{close[0]}]?" if close else f"Tables: {', '.join(TABLES)}"
                shown, value = (f"[{name}]", ()) if isinstance(table, dict) else (name, (table,))
                raise self.faults.error(shown, f"is not a table of a matrix. {hint}", *value)
        for name in (MATRIX, "methods"):
            if not isinstance(self.tables.setdefault(name, {}), dict):
                raise self.faults.error(name, f"must be a table: write [{name}]")
        for name in WHAT:
            table = self.tables.setdefault(name, [])
            if not isinstance(table, list) or not all(isinstance(part, dict) for part in table):
                raise self.faults.error(name, f"adds to the run's own: write [[{name}]] for each")

    def _base(self, settings: MatrixSettings, overrides: Sequence[str]) -> RunConfig:
        path = self.path.parent / settings.run
        if not path.is_file():
            raise self.faults.error(f"{MATRIX}.run", f"is not a file: there is none at {path}", str(settings.run))
        return load_config(path, overrides)

    def _check_names(self, table: str, leaves: Sequence[NamedLeaf], taken: Sequence[str]) -> None:
        files = {_file_name(name) for name in taken}
        for leaf in leaves:
            if leaf.name in taken or _file_name(leaf.name) in files:
                clash = f"is also the name of another {WHAT[table]} of the matrix or its run: give each its own"
                raise self.faults.error(f"{leaf.table}.name", clash, leaf.name)
            files.add(_file_name(leaf.name))

    def _with_vlm(self, base: RunConfig, vlm: Leaf, settings: MatrixSettings) -> RunConfig:
        """The base run with another VLM. It has MAMMI and the first concept set, or all sets and all live methods.

        Computed methods stay with the base run.
        """
        everything = settings.every_combination
        sets = base.concepts if everything else base.concepts[:1]
        methods = tuple(leaf for leaf in base.methods if everything and not is_computed(leaf.kind))
        return replace(base, vlm=self._moved(vlm, base), concepts=sets, methods=methods)

    def _moved(self, leaf: Any, base: RunConfig) -> Any:
        """The leaf with its relative paths rewritten to start from the base run's folder."""
        return replace(leaf, options=_moved(leaf.options, os.path.relpath(self.path.absolute().parent, base.base)))


def _moved(options: BaseModel, folder: str) -> BaseModel:
    """Options with `folder` before their relative paths."""
    if folder == os.curdir:
        return options

    def moved(value: Any) -> Any:
        if isinstance(value, Path):
            return Path(os.path.normpath(folder / value))
        if isinstance(value, tuple):
            return tuple(moved(part) for part in value)
        return _moved(value, folder) if isinstance(value, BaseModel) else value

    names = (*type(options).model_fields, *(options.model_extra or ()))
    return options.model_copy(update={name: moved(getattr(options, name)) for name in names})


def _written_to(run: RunConfig, folder: Path, name: str) -> RunConfig:
    return replace(run, run=run.run.model_copy(update={"out": folder / f"{_file_name(name)}.duckdb"}))


def _file_name(name: str) -> str:
    """A file name for a checked name of a VLM; file systems without case keep it apart from the others'."""
    return name.replace(" ", "_").lower()
