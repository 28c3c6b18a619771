"""Parses JSON and TOML from outside: neither its depth, its size nor a value of it may end the program."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any, NoReturn

from engine.errors import first_line
from engine.limits import limits, named

_VALUES_A_ROW = 6
_MOST_DOTS = 500
"""Dots in a line of TOML: the time that tomllib takes for a key grows with the square of its parts"""
_QUOTED = re.compile(rb'"[^"]*(?:"|\Z)')
"""A text in quotes, without escapes; an unfinished one ends with the file"""
_NO_SIGN = bytes(set(range(256)) - set(b'[]{}"'))
_HALF_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
NO_TOML = "is not valid TOML: "
_KB = 1 << 10


class Unparsable(ValueError):
    """A text is not what it should be. The message says why: "is not valid JSON: …"."""


def parse_json(data: bytes | str) -> Any:
    """The value of a JSON text, in UTF-8 if it is bytes. Raises Unparsable.

    Refused are NaN and infinite numbers, a key that an object has twice, halves of surrogate pairs, which can be
    written to no file, and what is too large or too deep.
    """
    raw = data if isinstance(data, bytes) else data.encode(errors="surrogatepass")
    _check_size(raw)
    may_be_halved = _HALF_PAIR.search(raw) is not None
    del raw
    try:
        text = data if isinstance(data, str) else data.decode("utf-8-sig")
        found = _DECODER.decode(text)
        if may_be_halved:
            json.dumps(found, ensure_ascii=False).encode()
    except RecursionError:
        raise Unparsable(_too_deep()) from None
    except UnicodeError:
        raise Unparsable("holds text that is not Unicode") from None
    except ValueError as error:
        raise Unparsable(f"is not valid JSON: {first_line(error)[:200]}") from None
    return found


def read_json(path: Path) -> Any:
    """The value in a JSON file. Raises OSError, and Unparsable."""
    with path.open("rb") as file:
        data = file.read((limits().text_mb << 20) + 1)
    if len(data) > limits().text_mb << 20:
        raise Unparsable(f"is larger than {limits().text_mb:,} MB ({named('text_mb')})")
    return parse_json(data)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises OSError, and Unparsable."""
    with path.open("rb") as file:
        return parse_toml(file.read(limits().config_kb * _KB + 1))


def _check_size(raw: bytes) -> None:
    """Raises Unparsable for too many values, which take up to 40 times the space of their text, and for too deep ones.

    Innermost brackets are taken away until none are left.
    """
    most, opened = limits().rows * _VALUES_A_ROW, raw.count(b"[") + raw.count(b"{")
    if raw.count(b",") + opened > most:
        raise Unparsable(f"may have more than {most:,} values ({named('rows')})")
    if opened <= limits().depth:
        return
    signs = raw.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NO_SIGN)
    brackets = _QUOTED.sub(b"", signs.replace(b'""', b""))
    for _ in range(limits().depth):
        fewer = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    if brackets.count(b"[") + brackets.count(b"{") > limits().depth or b"[]" in brackets or b"{}" in brackets:
        raise Unparsable(_too_deep())


def parse_toml(data: bytes) -> dict[str, Any]:
    """The tables of a TOML text. Raises Unparsable."""
    if len(data) > limits().config_kb * _KB:
        raise Unparsable(f"is larger than {limits().config_kb:,} KB ({named('config_kb')})")
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.count(b".") > _MOST_DOTS:
            raise Unparsable(f"has more than {_MOST_DOTS} dots in line {number}: write it in several lines")
    try:
        found = tomllib.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise Unparsable(_too_deep()) from None
    except UnicodeDecodeError as error:
        raise Unparsable(f"is not text in UTF-8: line {data[: error.start].count(10) + 1}") from None
    except ValueError as error:  # a number with too many digits is no TOMLDecodeError
        raise Unparsable(f"{NO_TOML}{first_line(error)[:200]}") from None
    left: list[tuple[Any, int]] = [(found, 0)]
    while left:
        value, depth = left.pop()
        if depth > limits().depth:
            raise Unparsable(_too_deep())
        inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        left += [(each, depth + 1) for each in inside]
    return found


def _too_deep() -> str:
    return f"is nested more than {limits().depth} deep ({named('depth')})"


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"an object has the key {name[:80]!r} twice")
        found[name] = value
    return found


_DECODER = json.JSONDecoder(parse_constant=_refuse, object_pairs_hook=_object)
"""One for all texts: a file of verdicts may have millions of lines"""
