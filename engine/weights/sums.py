"""The SHA-256 of each downloaded file, kept beside it in the format of `sha256sum -c`: trust on first use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from engine.errors import MammiError

FILE = "SHA256SUMS"

_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def sha256_of(path: Path) -> str:
    """A file's checksum, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_sums(folder: Path) -> dict[str, str]:
    """The remembered checksums by path relative to the folder; none before the first download."""
    path = folder / FILE
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise MammiError(f"{path} cannot be read ({error}). Remove it to start a new one.") from error
    found = [_LINE.fullmatch(line) for line in lines]
    return {match[2]: match[1] for match in found if match}


def remember(folder: Path, sums: Mapping[str, str]) -> None:
    """Adds checksums, by path relative to the folder, to the remembered ones."""
    sums_by_name = read_sums(folder) | dict(sums)
    path = folder / FILE
    partial = path.with_name(f"{FILE}.partial")
    try:
        partial.write_text("".join(f"{sums_by_name[name]}  {name}\n" for name in sorted(sums_by_name)), "utf-8")
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
