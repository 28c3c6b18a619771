"""Films of a method's own beside the run's probing set: the table that chooses them, and which of them can be used."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, Field, ValidationError, ValidationInfo, model_validator

from engine import kinds
from engine.errors import ConfigError, UnreadableImage
from engine.extras import missing
from engine.likeness import closest
from engine.probing.base import Image, ProbingSet
from engine.probing.decoding import READERS, decode
from engine.probing.files import warn
from engine.probing.remote.options import Storage
from engine.probing.remote.path import RemotePath
from engine.probing.rename import Renamed


class OwnFilms(BaseModel, extra="allow", frozen=True):
    """A table inside [methods.NAME] that chooses a probing set as [probing] does: `kind`, and that kind's own keys."""

    kind: str
    rename: Mapping[str, str] = Field(default_factory=dict)
    """Label -> another name, as in [probing.rename]"""

    @model_validator(mode="after")
    def _is_probing_set(self, info: ValidationInfo) -> Self:
        """Checks a configuration, which comes as JSON, and gives its values their types, such as Path. The options in a
        run file need not fit the packages here."""
        if info.mode == "json" and self.__pydantic_extra__ is not None:
            options = self._options()
            typed = {name: getattr(options, name) for name in self.__pydantic_extra__}
            # An address, and how it is reached, stay as JSON has them.
            self.__pydantic_extra__ |= {
                name: value for name, value in typed.items() if not isinstance(value, (RemotePath, Storage))
            }
        return self

    def load(self, key: str, base: Path) -> ProbingSet:
        """The films of the probing set that have a box or a polygon. Relative paths start from `base`.

        Raises ConfigError, which names `key`, the table, when films or tables are missing or no film has an outline.
        """
        try:
            films: ProbingSet = importlib.import_module(self._module_name()).load(self._options(), base)
        except ConfigError as error:
            text = str(error)
            told = text.removeprefix("probing.")
            raise ConfigError(f"{key}{': ' if told == text else '.'}{told}") from None
        outlined = tuple(image for image in films.images if image.boxes or image.polygons)
        if not outlined:
            raise ConfigError(
                f"{key}: its films have no boxes or polygons, which activation maps are compared with. "
                "Take a kind that has them, such as covid_cxr, chestx_det, or nih14 with boxes."
            )
        part = _Part(outlined, films)
        return Renamed(part, self.rename, f"{key}.rename") if self.rename else part

    def _module_name(self) -> str:
        name = kinds.module_of("probing", self.kind)
        if name is None:
            raise ValueError(f"kind {self.kind!r} is not one of {', '.join(sorted(kinds.names('probing')))}")
        return name

    def _options(self) -> Any:
        """The kind's own Options. Raises ValueError in one line."""
        module = importlib.import_module(self._module_name())
        for package in getattr(module, "NEEDS", ()):
            if find_spec(package) is None:
                raise ValueError(f"kind {self.kind!r} {missing(package)}")
        try:
            return module.Options.model_validate_json(json.dumps(self.model_extra, default=str), strict=True)
        except ValidationError as error:
            raise ValueError(_wording(error, module.Options)) from None


def usable(key: str, films: ProbingSet) -> tuple[Image, ...]:
    """The images that can be read and decoded. Warns of the others; raises ConfigError if none can be."""

    def reason(image: Image) -> str:
        try:
            decode(films.read(image))
        except UnreadableImage as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(READERS) as threads:
        reasons = list(threads.map(reason, films.images))
    faults = [f"{image.path}: {why}" for image, why in zip(films.images, reasons, strict=True) if why]
    if len(faults) == len(reasons):
        raise ConfigError(f"{key}: none of its films can be used; the first, {faults[0]}.")
    warn(f"{key}: left out films that cannot be used", faults)
    return tuple(image for image, why in zip(films.images, reasons, strict=True) if not why)


@dataclass(slots=True)
class _Part:
    """Some images of a probing set."""

    images: Sequence[Image]
    whole: ProbingSet

    def read(self, image: Image) -> bytes:
        return self.whole.read(image)

    def content(self, image: Image) -> str | None:
        return self.whole.content(image)


def _wording(error: ValidationError, options: type[BaseModel]) -> str:
    faults = error.errors(include_url=False)
    fault = next((each for each in faults if each["type"] == "extra_forbidden"), faults[0])
    name = ".".join(map(str, fault["loc"]))
    if fault["type"] == "missing":
        return f"{name} is missing"
    if fault["type"] == "extra_forbidden":
        close = closest(name, options.model_fields, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"keys: {', '.join(options.model_fields)}"
        return f"{name} is not a key of this kind; {hint}"
    shown = json.dumps(fault["input"], ensure_ascii=False, default=str)[:80]
    return f"{name} = {shown}: {fault['msg'].removeprefix('Value error, ')}"
