"""All methods that can say something about a run's neurons, side by side."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from engine.annotation.cuts import Cuts
from engine.errors import RunFileError, first_line
from engine.methods import COMPUTED, LIVE
from engine.methods.base import ComputedMethod, LiveMethod, Method, MethodAnswer
from engine.methods.stored import Stored
from engine.names import find_named
from engine.requery import Requery
from engine.store.reader import RunReader


class Panel:
    """The methods of an open run file. Any thread may call them; nothing is computed until a neuron is asked for."""

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._reader = reader
        self._requery = requery

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """Every live method, then the computed methods whose scores the run holds. A live method has the run's options
        where the run names it. FALCON is present only where the run has captions.

        Raises RunFileError where a method's options are damaged.
        """
        stored = {method.name: method.options for method in self._reader.methods}
        live = [name for name in LIVE if name != "falcon" or self._reader.captions]
        computed = [name for name in COMPUTED if name in stored]
        return (
            *(self._live(name, stored.get(name, {})) for name in live),
            *(self._stored(name, stored[name]) for name in computed),
        )

    def answer(self, name: str, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """What the method of that name says of a neuron.

        Raises MammiError for an unknown method, neuron or concept set.
        """
        return find_named(name, self.methods, "method").neuron(layer, unit, cuts)

    def _live(self, name: str, options: Mapping[str, Any]) -> Method:
        module = cast(LiveMethod, importlib.import_module(LIVE[name]))
        return module.load(self._options(name, module, options), self._reader, self._requery)

    def _stored(self, name: str, options: Mapping[str, Any]) -> Method:
        module = cast(ComputedMethod, importlib.import_module(COMPUTED[name]))
        return Stored(name, module, self._options(name, module, options), self._reader, self._requery)

    def _options(self, name: str, module: LiveMethod | ComputedMethod, options: Mapping[str, Any]) -> BaseModel:
        try:
            return module.Options.model_validate(options)
        except ValidationError as error:
            raise RunFileError(
                f"{self._reader.path}: the options of {name} are damaged ({first_line(error.errors()[0]['msg'])})."
            ) from error
