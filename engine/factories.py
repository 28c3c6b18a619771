"""Finds a user's own function by "package.module:function". Importing it runs the user's code."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from engine.errors import ConfigError, MammiError, first_line
from engine.likeness import closest

LONGEST_TEXT = 10_000
"""Characters of a text that a model says of itself"""


def find_factory(reference: str, base: Path, key: str) -> Callable[..., Any]:
    """The function, from an installed package or from the configuration's folder `base`, which is put on sys.path.

    Raises ConfigError that names the configuration's `key`.
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
    except BaseException as error:
        # The user's own code, which may raise anything: no error of ours.
        if isinstance(error, KeyboardInterrupt):
            raise
        raise _raised(error, f'{key} = "{reference}": importing {module_name}', module_name) from error
    factory = getattr(module, name, None)
    if not callable(factory):
        functions = [function for function, value in vars(module).items() if callable(value)]
        close = closest(name, functions, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(f"{key}: {module_name} has no function {name!r}.{hint}")
    return factory  # type: ignore[no-any-return]


def call_factory(factory: Callable[..., Any], arguments: Mapping[str, Any], reference: str, key: str) -> Any:
    """What the user's function returns. When it raises, raises MammiError that names it and the line at fault."""
    try:
        return factory(**arguments)
    except BaseException as error:
        # The user's own code, which may raise anything: no error of ours.
        if isinstance(error, (MammiError, KeyboardInterrupt)):
            raise
        raise _raised(error, f'{key} = "{reference}"', reference.partition(":")[0]) from error


def check_text(value: object, what: str) -> None:
    """Raises ConfigError unless a value, which `what` names, is a text that a file can hold."""
    if not isinstance(value, str) or not value:
        raise ConfigError(f"{what} is {'empty' if value == '' else type(value).__name__}: it must be a text.")
    if len(value) > LONGEST_TEXT:
        raise ConfigError(f"{what} has {len(value):,} characters: at most {LONGEST_TEXT:,} are taken.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ConfigError(f"{what} has half of a character (a lone surrogate), which no file can hold.") from None


def call_facts(
    factory: Callable[..., Any], arguments: Mapping[str, Any], reference: str, made: Sequence[object]
) -> list[Any]:
    """What a call depends on, as JSON types: the function's name, its arguments, and hashes of source files.

    These files define the function, functions in `made`, and the classes, with their bases, of objects in `made`. torch
    is left out, and so is what the files import.
    """
    classes = {base for each in made for base in type(each).__mro__}
    modules = {reference.partition(":")[0], *(each.__module__ for each in (inspect.unwrap(factory), *made, *classes))}
    sources = {}
    for name in modules:
        file = Path(getattr(sys.modules.get(name), "__file__", None) or "")
        if file.is_file() and name.partition(".")[0] != "torch":
            sources[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return [reference, TypeAdapter(dict[str, Any]).dump_python(dict(arguments), mode="json"), sources]


def _raised(error: BaseException, what: str, module_name: str) -> MammiError:
    """The error, with the last line of the user's module that ran, if one did."""
    file = f"{module_name.rpartition('.')[2]}.py"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file]
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).name == file:
        lines.append(error.lineno)
    place = f" ({file}, line {lines[-1]})" if lines else ""
    reason = first_line(error.msg if isinstance(error, SyntaxError) else error)
    if isinstance(error, SystemExit):  # argparse, in a script that is not meant to be imported
        return MammiError(
            f"{what} ended the program{place}, as scripts do.",
            'Put what the script runs under `if __name__ == "__main__":`, or the function in a module of its own.',
        )
    return MammiError(f"{what} raised {type(error).__name__}: {reason}{place}")
