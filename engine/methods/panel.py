"""All methods that can say something about a run's neurons, side by side."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from functools import cached_property
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from engine import kinds
from engine.annotation.cuts import Cuts
from engine.errors import RunFileError, first_line
from engine.methods import COMPUTED, KINDS, LIVE, is_computed
from engine.methods.base import ComputedMethod, LiveMethod, Method, MethodAnswer
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
        """Our live methods, our computed methods whose scores the run holds, then the run's methods of other packages.

        A live method has the run's options where the run names it. FALCON is present only where the run has captions.
        Warns of a method that is not installed here. Raises RunFileError when a method's options are damaged.
        """
        stored = {method.name: method.options for method in self._reader.methods}
        live = [name for name in LIVE if name != "falcon" or self._reader.captions]
        computed = [name for name in COMPUTED if name in stored]
        added = [name for name in stored if name not in KINDS]
        methods = (self._method(name, stored.get(name, {})) for name in (*live, *computed, *added))
        return tuple(method for method in methods if method is not None)

    def answer(self, name: str, layer: str, unit: int, cuts: Cuts) -> MethodAnswer:
        """What the method of that name says of a neuron.

        Raises MammiError for an unknown method, neuron or concept set.
        """
        return find_named(name, self.methods, "method").neuron(layer, unit, cuts)

    def _method(self, name: str, stored: Mapping[str, Any]) -> Method | None:
        module_name = kinds.module_of("methods", name)
        if module_name is None:
            log.warning("%s: the method %r is not installed here, so it is left out.", self._reader.path, name)
            return None
        module = importlib.import_module(module_name)
        options = self._options(name, module.Options, stored)
        if is_computed(name):
            return Stored(name, cast(ComputedMethod, module), options, self._reader, self._requery)
        return cast(LiveMethod, module).load(options, self._reader, self._requery)

    def _options(self, name: str, model: type[BaseModel], options: Mapping[str, Any]) -> BaseModel:
        try:
            return model.model_validate(options)
        except ValidationError as error:
            raise RunFileError(
                f"{self._reader.path}: the options of {name} are damaged ({first_line(error.errors()[0]['msg'])})."
            ) from error
