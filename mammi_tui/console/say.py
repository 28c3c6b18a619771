"""All that a command writes to standard output and standard error. The linter forbids every other way."""

from __future__ import annotations

import json
import re
import sys

import click

LONGEST = 1 << 20
"""Characters of one line"""
_NOT_PLAIN = re.compile(r"[^\n -~]")
_NOT_ASCII = re.compile(r"[^\0-~]+")


def say(*lines: object, err: bool = False) -> None:
    """Writes lines to standard output, or to standard error. Each stays one line, whatever the texts in it say: it
    cannot steer the terminal."""
    from mammi_tui.text import clean

    for line in lines:
        click.echo(clean(str(line), LONGEST), err=err)


def say_json(value: object) -> None:
    """Writes a value as JSON to standard output."""
    click.echo(as_json(value))


def as_json(value: object) -> str:
    """A value as JSON in ASCII. What is half of a character, as in a file's name that is no UTF-8, becomes U+FFFD."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _NOT_PLAIN.sub(lambda found: _escaped(found[0]), whole)


def json_in_ascii(text: str) -> str:
    """A text of JSON in ASCII, with no tabs between its values: it means the same."""
    return _NOT_ASCII.sub(lambda found: "".join(map(_escaped, found[0])), text).replace("\t", "")


def hidden_escaped(text: str) -> str:
    """A text of JSON in which all that would steer a terminal, is not seen, or piles up is escaped: it means the
    same."""
    return _NOT_ASCII.sub(_escaped_if_hidden, text)


def _escaped_if_hidden(found: re.Match[str]) -> str:
    from engine.visible import visible

    if visible(f"a{found[0]}") == f"a{found[0]}":
        return found[0]
    return "".join(char if visible(char) == char else _escaped(char) for char in found[0])


def _escaped(char: str) -> str:
    return "\\u007f" if char == "\x7f" else json.dumps(char)[1:-1]


def pass_on(data: bytes) -> None:
    """Writes the content of a file to standard output."""
    sys.stdout.buffer.write(data)
