"""Reads what Hugging Face's libraries saved, from a local folder only, and runs none of its code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from engine import parsing
from engine.errors import ConfigError, MammiError, failing_as, first_line
from engine.keys import content_key
from engine.limits import limits, named
from engine.parsing import Unparsable
from engine.weights.digest import file_digest

LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""Arguments of every from_pretrained"""
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model")
"""A folder with a tokenizer has one of these"""
_TEXTS = {".json", ".txt", ".model"}
_MOST_GROWTH = 1000
"""How many times longer a tokenizer may make a text. Published ones put one character in the place of another."""
_ADDS = {"Replace": "content", "Prepend": "prepend"}
"""Parts of a tokenizer that make a text longer, and the key of what they put into it"""


def read_json(path: Path, key: str) -> dict[str, Any]:
    """The object in a JSON file. Raises ConfigError when there is no such file, MammiError when it holds no object."""
    try:
        content = parsing.read_json(path)
    except OSError as error:
        raise ConfigError(f"{key}: cannot read {path}: {error.strerror}.") from None
    except Unparsable as error:
        raise MammiError(f"{key}: {path} {error}.") from None
    if not isinstance(content, dict):
        raise MammiError(f"{key}: {path} holds a {type(content).__name__}, not an object.")
    return content


def check_tokenizer(folder: Path, key: str) -> None:
    """Raises ConfigError when there is no tokenizer in the folder: transformers would make one without a vocabulary.
    Raises MammiError for texts that are too large."""
    if not any((folder / name).is_file() for name in VOCABULARIES):
        names = ", ".join(VOCABULARIES[:-1])
        raise ConfigError(f"{key}: {folder} has no tokenizer: none of {names} or {VOCABULARIES[-1]}.")
    check_sizes([path for path in folder.iterdir() if path.suffix in _TEXTS and path.is_file()], key)


def check_growth(folder: Path, key: str) -> None:
    """Raises MammiError for a tokenizer.json whose parts would together make each text far longer: a few that double
    it fill any memory."""
    path = folder / VOCABULARIES[0]
    if not path.is_file():
        return
    content = read_json(path, key)
    left, growth = [content.get("normalizer"), content.get("pre_tokenizer")], 1
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += part
        elif isinstance(part, dict):
            left += part.values()
            added = part.get(_ADDS.get(str(part.get("type")), ""))
            growth = min(growth * max(1, len(added) if isinstance(added, str) else 1), _MOST_GROWTH + 1)
    if growth > _MOST_GROWTH:
        raise MammiError(f"{key}: {path} makes texts more than {_MOST_GROWTH:,} times as long: it is refused.")


def check_sizes(files: Iterable[Path], key: str) -> None:
    """Raises MammiError for a text that is too large to be given to a library, which reads it whole."""
    most = limits().text_mb
    for path in files:
        if path.stat().st_size > most << 20:
            raise MammiError(f"{key}: {path} is larger than {most:,} MB ({named('text_mb')}).")


def folder_digest(folder: Path, key: str) -> str:
    """A hash of the folder's settings and vocabularies, from which configuration, tokenizer and preprocessing are read.

    `key` is the configuration's key that names the folder, for errors.
    """
    texts = [path for path in folder.iterdir() if path.suffix in _TEXTS and path.is_file()]
    return content_key({path.name: file_digest(path, key) for path in texts})


def cutting() -> AbstractContextManager[None]:
    """Turns an error in the block, where a tokenizer cuts texts, into a MammiError. Its regular expressions are its
    file's, and end with a panic where they take too long."""
    return failing_as("the VLM's tokenizer cannot cut the texts: it is damaged, or made to take long")


@contextmanager
def reading(what: str, path: Path | str, key: str) -> Iterator[None]:
    """Turns an error in the block into a MammiError: `path` holds no `what`."""
    try:
        yield
    except (MammiError, KeyboardInterrupt):
        raise
    except BaseException as error:
        # These libraries raise errors of any kind for an unexpected file; a panic of tokenizers is no Exception.
        raise MammiError(f"{key}: {path} holds no {what} that can be read ({first_line(error)}).") from error
