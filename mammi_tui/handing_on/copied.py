"""The texts that can be copied: safe to paste into a shell, a mail or a spreadsheet."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from os.path import realpath
from pathlib import Path

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.store.tables import for_spreadsheets
from mammi_tui.text import clean

_LONGEST = 10_000
"""Characters of one part"""


def deep_link(run: Path, neuron: str, cuts: Cuts, query: str = "", order: str = "") -> str:
    """The command that opens the explorer at a neuron, whatever was left there, quoted for a POSIX shell.

    Raises MammiError where a name cannot be pasted.
    """
    words = ["mammi", "open", "--fresh"]
    words += [f"--alpha={float(cuts.alpha)!r}", f"--beta={float(cuts.beta)!r}"]
    words += [f"--ranking={cuts.ranking}", f"--select={cuts.selection}"]
    options = {"concept-set": cuts.concept_set, "filter": query, "sort": order}
    words += [f"--{name}={value}" for name, value in options.items() if value]
    words += ["--", realpath(run), neuron]  # the name of a layer may begin as an option does
    for word in words:
        if clean(word, _LONGEST) != word:
            raise MammiError(f"{word}: has characters that cannot be pasted safely, so there is no link to it.")
    return shlex.join(words)


def one_line(texts: Iterable[str], between: str) -> str:
    """Texts without anything that a program into which they are pasted would run."""
    return between.join(clean(text, _LONGEST) for text in texts)


def row(values: Iterable[object]) -> str:
    """Values as a line of a table, separated by tabs."""
    return "\t".join(map(_cell, values))


def _cell(value: object) -> str:
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, str):
        return clean(for_spreadsheets(value), _LONGEST)
    return "" if value is None else str(value)
