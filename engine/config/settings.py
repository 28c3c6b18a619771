"""The configuration of a run: a TOML file, typed and checked before anything is computed or imported for it.

[run], [keep], [workers], [limits], the layers of [target], the labels of [probing] and the names of concept sets are
checked here.
[probing], [target], [vlm] and [concepts] choose a `kind` (engine.kinds); the Options of its module define the table's
other keys. Several concept sets are written as one [[concepts]] each. Comparison methods are tables [methods.NAME]; a
run needs none. Relative paths start from the file's folder; only `run.out` starts from the current directory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator

from engine.annotation.cuts import Ranking, Selection
from engine.config.faults import MOVED, Faults
from engine.config.file import SETS, override, read
from engine.config.leaves import Leaf, Leaves, NamedLeaf
from engine.config.limits import LimitSettings
from engine.config.workers import WorkerSettings
from engine.errors import ConfigError
from engine.kinds import PACKAGES
from engine.likeness import closest
from engine.limits import hold
from engine.own_files import OWNER_ONLY, checked_mode
from engine.probing.attribute_options import AttributeOptions
from engine.store.thumbnails import LONGEST_SIDE

Pooling = Literal["mean", "max", "cls"]
Parity = Literal["none", "published"]
TABLES = ("run", "keep", "workers", "limits", *PACKAGES)


class RunSettings(BaseModel, extra="forbid", frozen=True):
    """The [run] table."""

    out: Path
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    mixed_precision: bool = False
    memory_format: Literal["contiguous", "channels_last"] = "contiguous"
    """How the target model holds its maps in memory: channels last suits convolutions on most processors"""
    compile: bool = False
    """Whether the target model's blocks go through torch.compile, which needs a C++ compiler or a CUDA device"""
    batch_size: int = Field(default=32, ge=1, le=4096)
    alpha: float = Field(default=0.93, ge=0, le=1, allow_inf_nan=False)
    beta: float = Field(default=0.95, ge=0, le=1, allow_inf_nan=False)
    ranking: Ranking = "score"
    """What concepts are ranked by: "score" is Eq. 2, "z" how far a score lies above those of random image sets"""
    selection: str = "tau"
    """Which images are representative: "tau" (Eq. 1), "top-40" or another number, or "adaptive" """
    template: str = "A chest x-ray image of a"
    """What stands before each concept. With "" concepts are encoded alone, and a score is the mean cosine to one."""
    subtract_template: bool = True
    """Whether the cosine to the bare template is subtracted (the paper's adaptive score, Eq. 2). Without it a score is
    the mean cosine to the prompted concept."""
    other_templates: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Templates under which neurons are annotated too, to see how far annotations depend on the template"""
    parity: Parity = "none"
    """What the VLM is given: the film, or with "published" what the paper's code gave it: the target model's view of
    the film, saved as JPEG and read again (engine.run.parity)"""
    thumbnail_size: int = Field(default=LONGEST_SIDE, ge=160, le=1024)
    """Longest side of a stored thumbnail, in pixels"""
    mode: Annotated[str, AfterValidator(checked_mode)] = OWNER_ONLY
    """Who may read and write the run's files, as octal text (engine.own_files)"""

    @field_validator("selection")
    @classmethod
    def _is_selection(cls, selection: str) -> str:
        return str(Selection.parse(selection))

    @field_validator("template")
    @classmethod
    def _stands_before_concepts(cls, template: str) -> str:
        if template and not template.strip():
            raise ValueError('a template of blanks is no template: write ""')
        if "{" in template or "}" in template:
            raise ValueError("a template has no place for the concept: it stands before each concept, without braces")
        return template

    @field_validator("other_templates")
    @classmethod
    def _are_others(cls, others: tuple[str, ...], run: ValidationInfo) -> tuple[str, ...]:
        for other in others:
            if not other.strip():
                raise ValueError(f"{other!r} is no template: leave it out")
            cls._stands_before_concepts(other)
        templates = [run.data.get("template"), *others]
        for place, other in enumerate(others, start=1):
            if other in templates[:place]:
                raise ValueError(f"{other!r} is a template of the run already")
        return others

    def subtracts(self, template: str) -> bool:
        """Whether the cosine to this bare template is subtracted from those to the concepts in it."""
        return bool(template) and self.subtract_template


class KeepSettings(BaseModel, extra="forbid", frozen=True):
    """The [keep] table: what the run file keeps to connect neurons to the model's decisions."""

    films: bool = True
    """Whether every film's activations are kept by row"""
    maps: bool = True
    """Whether activation maps are kept: of each unit over its strongest films, and of each film's classes"""
    top_maps: int = Field(default=24, ge=1, le=256)
    """The films of each unit whose maps are kept"""
    embeddings: Literal["f32", "f16"] = "f32"
    """The precision in which the images' embeddings are computed with and kept (engine.store.embedding_rows)"""
    importance: tuple[str, ...] = ()
    """Tapped layers whose importance is computed by gradients; that of the layer before the head is always kept"""


class TapSettings(BaseModel, extra="forbid", frozen=True):
    """The keys of [target] that every kind of target model has."""

    layers: tuple[str, ...] = Field(min_length=1)
    """Module names, globs, or the aliases of engine.targets.taps"""
    pooling: Pooling = "mean"
    channels: Literal["auto", "first", "last"] = "auto"
    """The axis of a map that holds its units (engine.targets.taps.unit_axis)"""
    output: str | None = Field(default=None, min_length=1)
    """Which of the model's outputs the layer "logits" is, where the model gives several: the key, field name or place
    of one, or several of them joined by dots"""
    probabilities: Literal["auto", "sigmoid", "softmax", "none"] = "auto"
    """How the model's outputs become probabilities; "none" where they are probabilities. With "auto" this is seen where
    the model ends in a sigmoid or a softmax, and else taken to be a sigmoid."""
    threshold: float = Field(default=0.5, gt=0, lt=1)
    """The probability from which on a film counts as predicted to have a class; of a softmax the highest counts"""

    @field_validator("output", mode="before")
    @classmethod
    def _as_text(cls, output: Any) -> Any:
        return str(output) if type(output) is int else output


class LabelSettings(BaseModel, extra="forbid", frozen=True):
    """The keys of [probing] that every kind of probing set has."""

    rename: Mapping[str, str] = Field(default_factory=dict)
    """Label -> another name, such as that of a class of the target model; "" leaves the label out"""
    attributes: AttributeOptions = Field(default_factory=AttributeOptions)
    """Attributes of films beside those that the kind gives"""

    def as_dict(self) -> dict[str, Any]:
        """As JSON types; without attributes where none are named."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"rename": dict(self.rename)}


@dataclass(frozen=True, slots=True)
class RunConfig:
    """A whole configuration. `base` is the folder that relative paths start from."""

    path: Path
    base: Path
    run: RunSettings
    keep: KeepSettings
    taps: TapSettings
    labels: LabelSettings
    probing: Leaf
    target: Leaf
    vlm: Leaf
    concepts: tuple[NamedLeaf, ...]
    """At least one"""
    methods: tuple[Leaf, ...]
    workers: WorkerSettings = field(default_factory=WorkerSettings)
    given: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    """The tables as the file and the command line give them"""

    def __post_init__(self) -> None:
        """Raises ConfigError where the VLM cannot do what `run.parity` or a method asks of it."""
        if self.run.parity == "published" and not getattr(self.vlm.module, "TAKES_FILMS", True):
            raise ConfigError(
                f'{self.path}: run.parity = "published" cannot go with vlm.kind = "{self.vlm.kind}", which is given '
                "embeddings and no films: embed the published views elsewhere, and leave run.parity out."
            )
        for leaf in self.methods:
            if getattr(leaf.module, "EMBEDS", False) and not getattr(self.vlm.module, "TAKES_FILMS", True):
                raise ConfigError(
                    f'{self.path}: [methods.{leaf.kind}] cannot go with vlm.kind = "{self.vlm.kind}", which is given '
                    "embeddings and cannot embed crops: leave it out."
                )

    def as_dict(self) -> dict[str, Any]:
        """Every key with its value, defaults included, as JSON types; several concept sets are a list. [workers],
        [limits] and run.mode are left out: they change no result."""
        sets = [{"name": leaf.name, **leaf.as_dict()} for leaf in self.concepts]
        return {
            "run": self.run.model_dump(mode="json", exclude={"mode"}),
            "keep": self.keep.model_dump(mode="json"),
            "probing": self.probing.as_dict() | self.labels.as_dict(),
            "target": self.target.as_dict() | self.taps.model_dump(mode="json"),
            "vlm": self.vlm.as_dict(),
            "concepts": sets if len(sets) > 1 else sets[0],
            "methods": {leaf.kind: leaf.options.model_dump(mode="json") for leaf in self.methods},
        }


def load_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Reads and checks a configuration; each override is `table.key=value`, the value in TOML or a bare word.

    Its [limits] hold in this process from then on. Raises ConfigError that names the file, the key, the value, and the
    nearest key or kind that exists.
    """
    tables = read(path)
    overridden = [override(tables, text) for text in overrides]
    return _Checker(path, tables, overridden).config()


def config_again(path: Path, base: Path, given: Mapping[str, Any]) -> RunConfig:
    """The configuration with these `RunConfig.given`, checked again: in another process of the same run.

    Raises ConfigError as load_config.
    """
    return replace(_Checker(path, dict(given), ()).config(), base=base)


def config_from(path: Path, tables: Mapping[str, Any]) -> RunConfig:
    """The configuration that a run file keeps (`RunConfig.as_dict`), checked again. `path` is the run file's, and
    relative paths start from the current folder, as a run file does not record where its configuration was.

    Raises ConfigError for a configuration that this version does not take, and for one that runs a user's own code:
    code is not run because a run file names it.
    """
    kept = {name: dict(table) if isinstance(table, Mapping) else table for name, table in tables.items()}
    kept.pop("limits", None)  # a file from outside raises no limit of this machine
    for name in ("probing", "target", "vlm"):
        if isinstance(table := kept.get(name), dict):
            if table.get("kind") == "factory":
                raise ConfigError(f"{path}: its {name} is made by code of yours. Name its configuration: --config.")
            kept[name] = {key: value for key, value in table.items() if (name, key) not in MOVED and value is not None}
    config = _Checker(path, kept, ()).config()
    return replace(config, base=Path.cwd())


class _Checker:
    """Turns tables into a RunConfig, or their faults into one ConfigError."""

    def __init__(self, path: Path, tables: dict[str, Any], overridden: Sequence[str]) -> None:
        self.path = path
        self.tables = tables
        self.faults = Faults(path, TABLES, overridden)
        self.leaves = Leaves(self.faults)

    def config(self) -> RunConfig:
        self._check_tables()
        run = self.faults.check("run", RunSettings, self.tables["run"])
        keep = self.faults.check("keep", KeepSettings, self.tables["keep"])
        workers = self.faults.check("workers", WorkerSettings, self.tables["workers"])
        limits = self.faults.check("limits", LimitSettings, self.tables["limits"])
        taps, own = self.leaves.common("target", TapSettings, self.tables["target"])
        labels, of_kind = self.leaves.common("probing", LabelSettings, self.tables["probing"])
        probing = self.leaves.leaf("probing", of_kind)
        target = self.leaves.leaf("target", own)
        vlm = self.leaves.leaf("vlm", self.tables["vlm"])
        concepts = self.leaves.several(SETS, self.tables[SETS])
        methods = self.leaves.methods(self.tables["methods"])
        for name in [name for name in self.tables if name not in TABLES][:1]:
            raise self.faults.unknown(name, self.tables[name])
        self.faults.raise_first()
        hold(**cast(BaseModel, limits).model_dump(exclude_unset=True))
        return RunConfig(
            path=self.path,
            base=self.path.absolute().parent,
            run=cast(RunSettings, run),
            keep=cast(KeepSettings, keep),
            taps=cast(TapSettings, taps),
            labels=cast(LabelSettings, labels),
            probing=cast(Leaf, probing),
            target=cast(Leaf, target),
            vlm=cast(Leaf, vlm),
            concepts=concepts,
            methods=methods,
            workers=cast(WorkerSettings, workers),
            given=self.tables,
        )

    def _check_tables(self) -> None:
        for name in self.tables:
            if name not in TABLES and isinstance(self.tables[name], dict):
                close = closest(name, TABLES, n=1)
                hint = f"Did you mean [{close[0]}]?" if close else f"Tables: {', '.join(TABLES)}"
                raise self.faults.error(f"[{name}]", f"is not a table of this configuration. {hint}")
        for name in TABLES:
            table = self.tables.setdefault(name, {})
            several = name == SETS and isinstance(table, list) and table
            if not all(isinstance(part, dict) for part in (table if several else [table])):
                raise self.faults.error(name, f"must be a table: write [{name}]")
