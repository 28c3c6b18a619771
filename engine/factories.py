"""Finding a user's own function by "package.module:function". Importing it runs the user's code."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.errors import ConfigError


def find_factory(reference: str, base: Path, key: str) -> Callable[..., Any]:
    """The function, from an installed package or the configuration's folder `base`, which is put on sys.path.

    Raises ConfigError naming the configuration's `key`.
    """
    module_name, colon, name = reference.partition(":")
    if not (colon and name.isidentifier() and all(part.isidentifier() for part in module_name.split("."))):
        raise ConfigError(f'{key} = "{reference}": write it as "package.module:function".')
    if str(base) not in sys.path:
        sys.path.insert(0, str(base))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        wanted = "" if error.name and module_name.startswith(error.name) else f", which {module_name} imports,"
        raise ConfigError(f"{key}: module {error.name!r}{wanted} is neither installed nor in {base}.") from None
    factory = getattr(module, name, None)
    if not callable(factory):
        functions = [known for known, value in vars(module).items() if callable(value)]
        close = difflib.get_close_matches(name, functions, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(f"{key}: {module_name} has no function {name!r}.{hint}")
    return factory  # type: ignore[no-any-return]
