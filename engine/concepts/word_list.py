"""A concept set from a list with one concept on each line.

Numbers beside the concepts, as `mammi concepts --counts`, a spreadsheet or `uniq -c` writes them, are left out.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel

from engine.concepts.base import source_identity
from engine.concepts.clean import clean_concepts
from engine.errors import ConfigError
from engine.limits import limits, named
from engine.text_files import Encoding, TextFiles, UnreadableText

VERSION = 2
"""Raise it when the same list gives other concepts than before"""

_NUMBER = r"[+-]?\d++(?:\.\d+)?(?:[eE][+-]?\d+)?%?"
_BEFORE = re.compile(rf"(?:{_NUMBER}(?:[ ]*+[\t,;|][ ]*+|[.)]?[ ]++)){{1,20}}")
"""12<tab>nodule, 12,nodule, 12 nodule, 1. nodule"""
_NUMBER_ALONE = re.compile(_NUMBER)
_SIGNS = ("\t", ",", ";", "|", "  ")
"""What stands before a number behind a concept: nodule<tab>12, nodule;12, nodule   12"""
_MOST_NUMBERS = 20
_LONGEST_LINE = 1000
"""Characters of a line that is no comment"""
_COLUMNS = re.compile(r"[\t,;|]|[ ]{2,}")
_COUNTED_HERE = re.compile(r"[^\t]+\t\d+")
"""A line of `mammi concepts --counts`"""
_COMMENT = re.compile(r"(?:^|\s)#(?:\s.*)?$|^#.*")
_SPACES = re.compile(r" {3,}")
_ENDS_WITH_NUMBER = re.compile(r"\s\d+$")
_LIST = re.compile(r"""[\[\]{}]|[-*+•–][ ]|.*["'][ ]*[,;|\t][ ]*["']|["'].*["'][ ]*[,;]$""")
"""A line of a list as JSON, Python, Markdown or a table with quotes writes it"""
_SEVERAL = re.compile(r"[,;|]\s*[^\W\d]")
_NAMED = 3

log = logging.getLogger(__name__)


class Options(BaseModel, extra="forbid", frozen=True):
    """`[concepts]` of a configuration with kind = "word_list"."""

    path: Path
    """A text file, also gzipped. Empty lines are skipped, and so are comments: what starts with #."""
    encoding: Encoding | None = None
    """The file's encoding, such as "cp1252"; by default UTF-8, or what its byte order mark says"""


def identity(options: Options, base: Path) -> str:
    path = base / options.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"concepts.path: {path} cannot be read: {error.strerror}.") from error
    return source_identity(VERSION, options, [hashlib.sha256(content).hexdigest()])


def load(options: Options, base: Path, reports: Sequence[str]) -> list[str]:  # noqa: ARG001
    """The list's concepts in their order.

    Warns of numbers that are left out and of concepts that differ in case only. Raises ConfigError when the file cannot
    be read, a line is too long or of a list in another form, or only some lines have numbers.
    """
    path = base / options.path
    texts = TextFiles(options.encoding, "concepts.encoding")
    try:
        text = texts.read(path)
    except UnreadableText as error:
        raise ConfigError(f"concepts.path: {error}") from None
    texts.warn(path)
    most = limits().rows
    if text.count("\n") > most:
        raise ConfigError(f"{path} has more than {most:,} lines ({named('rows')}).")
    for number, line in enumerate(text.splitlines(), start=1):
        if len(line) > _LONGEST_LINE and not line.startswith("#"):
            raise ConfigError(f"{path}: line {number} has {len(line):,} characters. Write one concept a line.")
    bare = (_COMMENT.sub("", _SPACES.sub("  ", line)).strip() for line in text.splitlines())
    lines = [(number, line) for number, line in enumerate(bare, start=1) if line]
    _check_plain(lines, path)
    concepts = clean_concepts(_without_numbers(lines, path), str(path))
    _warn_of_case(concepts, path)
    return concepts


def _check_plain(lines: Sequence[tuple[int, str]], path: Path) -> None:
    """Raises ConfigError for a line that holds the signs of a list beside a concept, or several concepts."""
    for number, line in lines:
        if _LIST.match(line):
            raise ConfigError(
                f"{path}: line {number}, {line[:60]!r}, is of a list in another form, such as JSON or Markdown. "
                "Write one concept a line, without other signs."
            )
    if len(lines) == 1 and _SEVERAL.search(lines[0][1]):
        log.warning("%s has one line, %r. If these are several concepts, write one a line.", path, lines[0][1][:60])


def _without_numbers(lines: Sequence[tuple[int, str]], path: Path) -> list[str]:
    """The concepts of the lines, without numbers and quotes. `lines` have their numbers in the file."""
    bare = [_without_number(line) for _, line in lines]
    plain = [line == concept for (_, line), concept in zip(lines, bare, strict=True)]
    header = len(lines) > 1 and plain[0] and not any(plain[1:]) and _COLUMNS.search(lines[0][1]) is not None
    counted = len(lines) - sum(plain) >= max(len(lines) / 2, 1)
    for (number, line), is_plain in list(zip(lines, plain, strict=True))[header:]:
        if is_plain and (counted or "\t" in line):
            fault = "no number, unlike the others (put concepts that end with a number in quotes)"
            told = fault if counted else "text behind a tab"
            raise ConfigError(f"{path}: line {number}, {line[:60]!r}, has {told}. Write one concept a line.")
    if not counted:
        numbered = sum(_ENDS_WITH_NUMBER.search(line) is not None for _, line in lines)
        if numbered >= max(len(lines) / 2, 1):
            log.warning(
                "%s: %d concepts end with a number. If these are counts, put a tab before them.", path, numbered
            )
        return [_unquoted(line) for _, line in lines]
    if header or not all(_COUNTED_HERE.fullmatch(line) for _, line in lines):
        left_out = f", and so is line {lines[0][0]}, {lines[0][1][:60]!r}, as their header" if header else ""
        log.warning("%s: the numbers beside the concepts are left out%s.", path, left_out)
    return [_unquoted(concept) for concept in bare[header:]]


def _without_number(line: str) -> str:
    """A line without the numbers before and behind its concept."""
    before = _BEFORE.match(line)
    line = line[before.end() :] if before else line
    for _ in range(_MOST_NUMBERS):
        cut = max(line.rfind(sign) + len(sign) if sign in line else 0 for sign in _SIGNS)
        if not (cut and _NUMBER_ALONE.fullmatch(line[cut:].lstrip(" "))):
            break
        line = line[:cut].rstrip(" ")
        line = line[:-1].rstrip(" ") if line.endswith(_SIGNS) else line
    return line


def _unquoted(concept: str) -> str:
    quoted = len(concept) > 1 and concept[0] == concept[-1] == '"'
    return concept[1:-1].replace('""', '"') if quoted else concept


def _warn_of_case(concepts: Sequence[str], path: Path) -> None:
    seen: dict[str, str] = {}
    twice = [
        f"{first}, {concept}"
        for concept in concepts
        if (first := seen.setdefault(concept.casefold(), concept)) != concept
    ]
    if twice:
        rest = " …" if len(twice) > _NAMED else ""
        log.warning(
            "%s: concepts that differ from another only in case: %d (%s%s).",
            path,
            len(twice),
            "; ".join(twice[:_NAMED]),
            rest,
        )
