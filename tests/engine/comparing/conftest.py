"""Runs of the demo's models on a few phantoms, each with one thing changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine.comparing.compare import Comparison
from engine.comparing.side import Side
from engine.config.settings import load_config
from engine.progress import Silent
from engine.run.pipeline import run
from engine.store.reader import RunReader

CONFIG = """
[run]
out = "before.duckdb"
batch_size = 32
device = "cpu"

[probing]
kind = "phantom"
count = 32

[target]
kind = "demo"
layers = ["features.norm5", "classifier"]

[vlm]
kind = "demo"

[concepts]
kind = "word_list"
path = "words.txt"
"""
WORDS = (
    *("effusion", "fluid", "mass", "nodule", "air", "pneumothorax", "cardiomegaly", "heart", "opacity", "pacemaker"),
    *(
        "catheter",
        "fibrosis",
        "scarring",
        "atelectasis",
        "consolidation",
        "bones",
        "trachea",
        "hernia",
        "right",
        "left",
    ),
)
FACTORY = "target.kind=factory", "target.factory=tests.support.other_models:{}"
CHANGES = {
    "before": (),
    "permuted": FACTORY,
    "perturbed": FACTORY,
    "template": ("run.template=There is",),
    "concepts": ("concepts.path=fewer.txt",),
    "films": ("probing.count=22",),
    "other films": ("probing.seed=5", "probing.count=8"),
    "VLM": ("vlm.kind=factory", "vlm.factory=tests.support.models:tiny_vlm"),
}

Compared = Callable[[str], Comparison]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run for each of CHANGES. Each takes over what it can from the first."""
    folder = tmp_path_factory.mktemp("compared")
    (folder / "words.txt").write_text("\n".join(WORDS))
    (folder / "fewer.txt").write_text("\n".join(WORDS[::2]))
    config = folder / "run.toml"
    config.write_text(CONFIG)
    for name, changes in CHANGES.items():
        if changes:
            shutil.copy(folder / "before.duckdb", folder / f"{name}.duckdb")
        overrides = [f"run.out={folder / name}.duckdb", *(change.format(f"{name}_demo") for change in changes)]
        run(load_config(config, overrides), Silent())
    return folder


@pytest.fixture(scope="session")
def compared(runs: Path) -> Iterator[Compared]:
    """Compares the run "before" with another by its name."""
    with ExitStack() as stack:

        def compare(name: str) -> Comparison:
            readers = [stack.enter_context(RunReader(runs / f"{each}.duckdb")) for each in ("before", name)]
            first, second = (Side(reader, reader.info.cuts) for reader in readers)
            return Comparison(first, second)

        yield compare
