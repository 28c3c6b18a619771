"""Every command, on runs in which every text is hostile, and with hostile arguments."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

from mammi_tui.cli import main
from tests.hard_knocks.texts import checks

TABLES = ("neurons", "concepts", "representatives", "evidence", "methods", "importance", "outputs", "audit", "verdicts")
OF_RUNS: dict[str, list[str]] = {
    "agree": ["RUN", "RUN --json"],
    "audit": ["RUN", "RUN --json"],
    "check": ["RUN", "RUN --json", "RUN --fail-on NAME"],
    "compare": [
        "RUN OTHER", "RUN OTHER --json", "RUN --alpha 0.93,0.6 --filter name:a", "RUN OTHER --format csv -o OUT/a.csv",
        "RUN OTHER --format json -o OUT/a.json", "RUN OTHER --format parquet -o OUT/a.parquet",
        "RUN OTHER -o OUT/a.txt",
    ],
    "doctor": ["RUN", "RUN --deep"],
    "evaluate": [
        "RUN", "RUN --json", "RUN --plot", "RUN --decisions", "RUN --decisions --json", "RUN --faithfulness",
        "RUN --figures OUT", "RUN --figures OUT --figure3 FILM",
    ],
    "export": [
        *(f"RUN --what {what} --format {kind} -o OUT/a.{kind}"
          for what in TABLES for kind in ("csv", "json", "parquet")),
        "RUN --what verdicts --format jsonl -o OUT/a.jsonl", "RUN --what neurons --format csv -o -",
        "RUN --what verdicts --format json -o -",
    ],
    "report": [
        "RUN --all -o OUT/a.html", "RUN --all --format md -o OUT/a.md", "RUN --all --format md -o -",
        "RUN --no-identifiers --films 2 -o OUT/a.html",
    ],
    "show": [
        "RUN NEURON", "RUN NEURON --evidence", "RUN NEURON --methods", "RUN NEURON --json",
        "RUN NEURON --evidence --methods --json", "RUN --concept CONCEPT", "RUN NEURON --concept CONCEPT --json",
        "RUN --concept NAME",
    ],
    "verdicts export": ["RUN -o OUT/a.jsonl", "RUN --format csv -o OUT/a.csv", "RUN --format csv -o -"],
    "verdicts import": ["RUN LOG"],
    "verdicts verify": ["RUN", "RUN --json", "RUN --head NAME"],
}  # fmt: skip
"""Commands that read a run file -> how they are called. RUN, OTHER, LOG, NEURON, CONCEPT, FILM and OUT stand for what
the run has, and for an empty folder; NAME for a hostile text of its own."""
WITH_TEXT: dict[str, list[str]] = {
    "concepts": ["NAME -o -"],
    "layers": ["NAME", "CONFIG"],
    "merge": ["NAME", "CONFIG"],
    "salvage": ["NAME"],
    "run": ["NAME", "CONFIG", "CONFIG --set NAME", "CONFIG --debug"],
    "weights list": ["NAME", "CONFIG", "--to NAME"],
    "weights fetch": ["NAME"],
    "keys": ["", "--json"],
    "open": ["NAME", "RUN NAME", "RUN --images NAME"],
    "doctor": ["", "NAME"],
    "show": ["NAME 1", "RUN NAME", "RUN NAME --debug"],
    "check": ["NAME", "RUN --concept-set NAME"],
    "compare": ["NAME NAME", "RUN --filter NAME", "RUN --layer NAME", "RUN --sort NAME"],
    "export": ["RUN --what NAME --format csv -o -", "NAME --what neurons --format csv -o NAME"],
    "evaluate": ["NAME", "RUN --method NAME", "RUN --synonyms NAME", "RUN --encoder NAME", "--table CONFIG"],
    "report": ["RUN --filter NAME -o NAME"],
    "audit": ["RUN --class NAME", "RUN --attribute NAME", "CONFIG --pairs NAME"],
    "agree": ["RUN --readers NAME"],
    "verdicts import": ["RUN NAME"],
    "verdicts verify": ["NAME"],
    "verdicts export": ["NAME -o NAME"],
    "NAME": [""],
}
"""Commands -> how they are called with one hostile text NAME, or with a configuration CONFIG made of it"""
ELSEWHERE = {"demo": "computes for long, and takes no text but a folder, as `run.out`"}
"""Commands that are not tried -> why"""


class Terminal(io.TextIOWrapper):
    """An output stream that says it is a terminal, and keeps what it gets."""

    def __init__(self) -> None:
        self.kept = io.BytesIO()
        super().__init__(self.kept, encoding="utf-8", write_through=True)

    def isatty(self) -> bool:
        return True


class Piped(Terminal):
    def isatty(self) -> bool:
        return False


@contextmanager
def _in(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        with mock.patch.dict(os.environ, environment):
            yield
    finally:
        os.chdir(before)


def said_by(
    words: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None, *, piped: bool = False
) -> tuple[bytes, bytes, str]:
    """What `mammi` with these words writes to a terminal: output, errors; and how it fell by itself, if it did."""
    out, err, fell = Piped() if piped else Terminal(), Piped(), ""
    streams = (sys.stdout, sys.stderr, sys.stdin, sys.argv, sys.excepthook)
    sys.stdout, sys.stderr, sys.stdin, sys.argv = out, err, io.StringIO(), ["mammi", *words]
    try:
        with _in(folder, environment or {}):
            main()
    except SystemExit:
        pass
    except BaseException as error:  # noqa: BLE001 (what no command should raise)
        sys.excepthook(type(error), error, error.__traceback__)
        fell = f"unexpected {type(error).__name__}: {error!r:.300}"
    finally:
        sys.stdout, sys.stderr, sys.stdin, sys.argv, sys.excepthook = streams
    return out.kept.getvalue(), err.kept.getvalue(), fell


def fall_of(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    *,
    piped: bool = False,
    files: Path | None = None,
) -> str | None:
    """How a command falls, in one line."""
    out, err, fell = said_by(words, folder, environment, piped=piped)
    faults = [fell] if fell else []
    whole = checks.of_json if "--json" in words and out.strip() else checks.of_terminal
    faults += [f"output {fault}" for fault in whole(out)]
    faults += [f"errors: {fault}" for fault in checks.of_terminal(err)]
    if "--debug" not in words and err.count(b"\nmammi: ") + err.startswith(b"mammi: ") > 1:
        faults.append(f"two errors: {err!r:.200}")
    if files is not None:
        faults += checks.of_files(files)
    if not faults:
        return None
    return (
        f"mammi {' '.join(word if word.isascii() and word.isprintable() else ascii(word) for word in words)!s:.200}: "
        + ("; ".join(faults[:3]))
    )
