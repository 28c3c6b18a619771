"""Output in an encoding that lacks a character spells it out."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path

import pytest

from mammi_tui.spelling import SPELLED, spell_out
from tests.shared import ROOT
from tests.support.runs import small_run
from tests.support.terminal import mammi


def written(text: str, encoding: str, errors: str = "strict") -> bytes:
    buffer = io.BytesIO()
    stream = io.TextIOWrapper(buffer, encoding, errors, newline="")
    spell_out(stream)
    stream.write(text)
    stream.flush()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("encoding", "text", "expected"),
    [
        ("utf-8", "α 0.93 ●", "α 0.93 ●"),
        ("utf-8", "a\udc80b", "a\\udc80b"),
        ("cp1252", "α 0.93 · café – 2²", "alpha 0.93 · café – 2²"),
        ("latin-1", "β − …", "beta - ..."),
        ("cp437", "α β", "α beta"),
        ("ascii", "● café 肺 ␛[2J", "* cafe \\u80ba ^[[2J"),
        ("ascii", "≥ ▁█", ">= _#"),
    ],
)
def test_what_an_encoding_lacks_is_spelled_out(encoding: str, text: str, expected: str) -> None:
    assert written(text, encoding) == expected.encode(encoding)


def test_an_error_handler_that_the_reader_chose_is_kept() -> None:
    assert written("α", "cp1252", "replace") == b"?"


def test_every_character_is_spelled_in_ascii_that_can_be_seen() -> None:
    assert all(text.isascii() and text.isprintable() and text for text in SPELLED.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {"PYTHONIOENCODING": "cp1252"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    ],
    ids=lambda settings: "-".join(settings.values()),
)
def test_a_command_writes_in_any_encoding(run_path: Path, settings: dict[str, str]) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "PYTHON"))}
    environment |= settings | {"PYTHONPATH": str(ROOT)}

    def output(*arguments: str) -> str:
        ended = subprocess.run(mammi(*arguments), env=environment, capture_output=True, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (0, b"")
        return ended.stdout.decode(settings.get("PYTHONIOENCODING", "ascii"))

    assert output("show", str(run_path), "layer1:3").startswith("layer1:3   alpha 0.93   beta 0.95\n")
    assert json.loads(output("show", str(run_path), "layer1:3", "--json"))["alpha"] == 0.93


@pytest.mark.slow
def test_a_file_that_a_command_writes_is_utf_8(tmp_path: Path) -> None:
    run = str(small_run(tmp_path, hostile=True))
    written = {}
    for encoding in ("utf-8", "ascii"):
        environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
        file = tmp_path / f"{encoding}.csv"
        export = mammi("export", run, "--what", "concepts", "--format", "csv", "--beta", "0", "-o", str(file))
        subprocess.run(export, env=environment, timeout=60, check=True, capture_output=True)
        written[encoding] = file.read_bytes()
    assert written["ascii"] == written["utf-8"]
    assert not written["ascii"].decode("utf-8").isascii()
