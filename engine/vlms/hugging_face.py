"""Reading what Hugging Face's libraries saved: from a local folder only, running none of its code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from engine.errors import ConfigError, MammiError, first_line

LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
"""What every from_pretrained is called with."""
VOCABULARIES = ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model", "tokenizer.model")
"""A folder with a tokenizer has one of these."""


def read_json(path: Path, key: str) -> dict[str, Any]:
    """The object in a JSON file. Raises ConfigError when there is no such file, MammiError when it holds none."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"{key}: cannot read {path}: {error.strerror}.") from None
    except (ValueError, RecursionError) as error:
        raise MammiError(f"{key}: {path} is not JSON ({first_line(error)}).") from None
    if not isinstance(content, dict):
        raise MammiError(f"{key}: {path} holds a {type(content).__name__}, not an object.")
    return content


def check_tokenizer(folder: Path, key: str) -> None:
    """Raises ConfigError when there is no tokenizer in the folder: transformers would make one without a vocabulary."""
    if not any((folder / name).is_file() for name in VOCABULARIES):
        names = ", ".join(VOCABULARIES[:-1])
        raise ConfigError(f"{key}: {folder} has no tokenizer: none of {names} or {VOCABULARIES[-1]}.")


def digest_of_texts(folder: Path) -> str:
    """A hash of the folder's settings and vocabularies: what a tokenizer and a preprocessing are read from."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in {".json", ".txt", ".model"} and path.is_file():
            digest.update(f"{path.name} {path.stat().st_size} ".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def reading(what: str, path: Path | str, key: str) -> Iterator[None]:
    """Tells what goes wrong in the block as a MammiError: `path` is no `what`."""
    try:
        yield
    except MammiError:
        raise
    except Exception as error:
        # These libraries raise whatever they meet in a file they did not expect; tokenizers, bare Exceptions.
        raise MammiError(f"{key}: {path} holds no {what} that can be read ({first_line(error)}).") from error
