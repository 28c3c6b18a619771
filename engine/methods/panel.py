"""All methods that can say something about a run's neurons, side by side."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import ModuleType
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from engine import kinds
from engine.annotation.cuts import Cuts
from engine.errors import RunFileError, first_line
from engine.methods import COMPUTED, KINDS, LIVE
from engine.methods.base import ComputedMethod, LiveMethod, Method, MethodAnswer, is_computed
from engine.methods.stored import Stored
from engine.names import find_named
from engine.requery import Requery
from engine.store.reader import RunReader

log = logging.getLogger(__name__)


class Panel:
    """The methods of an open run file. Any thread may call them; nothing is computed until a neuron is asked for."""

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._reader = reader
        self._requery = requery

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """Every live method, then the computed methods whose scores the run holds, then the run's methods that
        installed packages add. A live method has the run's options where the run names it. FALCON is present only where
        the run has captions.

        Raises RunFileError where a method's options are damaged. Warns of a method that no installed package adds.
        """
        stored = {method.name: method.options for method in self._reader.methods}
        live = [name for name in LIVE if name != "falcon" or self._reader.captions]
        computed = [name for name in COMPUTED if name in stored]
        modules = {name: KINDS[name] for name in (*live, *computed)} | self._added(stored.keys() - KINDS.keys())
        return tuple(self._method(name, module, stored.get(name, {})) for name, module in modules.items())

    def answer(self, name: str, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """What the method of that name says of a neuron.

        Raises MammiError for an unknown method, neuron or concept set.
        """
        return find_named(name, self.methods, "method").neuron(layer, unit, cuts)

    def _added(self, names: Iterable[str]) -> dict[str, str]:
        """The modules of methods that installed packages add."""
        modules = {}
        for name in sorted(names):
            module = kinds.module_of("methods", name)
            if module is None:
                log.warning("%s: no installed package adds the method %r: it is left out.", self._reader.path, name)
            else:
                modules[name] = module
        return modules

    def _method(self, name: str, module_name: str, options: Mapping[str, Any]) -> Method:
        module = importlib.import_module(module_name)
        checked = self._options(name, module, options)
        if is_computed(module):
            return Stored(name, cast(ComputedMethod, module), checked, self._reader, self._requery)
        return cast(LiveMethod, module).load(checked, self._reader, self._requery)

    def _options(self, name: str, module: ModuleType, options: Mapping[str, Any]) -> BaseModel:
        model: type[BaseModel] = module.Options
        try:
            return model.model_validate(options)
        except ValidationError as error:
            raise RunFileError(
                f"{self._reader.path}: the options of {name} are damaged ({first_line(error.errors()[0]['msg'])})."
            ) from error
