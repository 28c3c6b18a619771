"""All that a command writes to standard output and standard error. The linter forbids every other way."""

from __future__ import annotations

import json
import re
import sys

import click

LONGEST = 1 << 20
"""Characters of one line"""
_NOT_PLAIN = re.compile(r"[^\n -~]")
_NOT_ASCII = re.compile(r"[^\0-~]")


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
    return _NOT_PLAIN.sub(_escaped, whole)


def hidden_escaped(text: str) -> str:
    """A text of JSON in which all that would steer a terminal, or is not seen, is escaped: it means the same."""
    return _NOT_ASCII.sub(_escaped_if_hidden, text)


def _escaped_if_hidden(found: re.Match[str]) -> str:
    from engine.visible import visible

    return found[0] if visible(f"a{found[0]}") == f"a{found[0]}" else _escaped(found)


def _escaped(found: re.Match[str]) -> str:
    return "\\u007f" if found[0] == "\x7f" else json.dumps(found[0])[1:-1]


def pass_on(data: bytes) -> None:
    """Writes the content of a file to standard output."""
    sys.stdout.buffer.write(data)
