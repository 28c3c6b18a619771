"""A matrix over tests.support.models.tiny_project: two VLMs, two concept sets, all in one folder."""

from __future__ import annotations

from pathlib import Path

from tests.support.models import tiny_project

MATRIX = """
[matrix]
run = "run/tiny.toml"
out = "{folder}/out"
alpha = [0.5]
counts = [3]

[[vlm]]
name = "other VLM"
kind = "factory"
factory = "tests.support.models:tiny_vlm"
arguments = {{ seed = 2 }}

[[concepts]]
name = "few"
kind = "word_list"
path = "few.txt"
"""


def tiny_matrix(folder: Path, films: int = 14) -> Path:
    """Writes a matrix, and the configuration of its base run in the folder `run`. Returns the path of the matrix."""
    tiny_project(folder / "run", films)
    (folder / "few.txt").write_text("mass\nedema\n")
    path = folder / "matrix.toml"
    path.write_text(MATRIX.format(folder=folder.as_posix()))
    return path
