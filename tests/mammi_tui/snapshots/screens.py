"""The screens to draw, and the run that they show."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, tzinfo
from pathlib import Path
from unittest import mock

import numpy as np

from engine.requery import Requery
from engine.store.batch import Batch
from engine.store.contents import Layer, RunContents
from engine.store.reader import RunReader
from engine.store.writer import assemble
from mammi_tui.questions import evidence
from mammi_tui.verdicts import log
from mammi_tui.verdicts.log import VerdictLog
from tests.mammi_tui.snapshots.settled import settled
from tests.support.decisions import add_maps, decide
from tests.support.explorer import explorer
from tests.support.runs import small_contents, with_evidence
from tests.support.verdicts import judge

SIZES = ((80, 24), (100, 30), (130, 42))
FOLDER = Path(__file__).parent
OTHER = "other.duckdb"
"""The run that the open one is compared with, beside it"""
UNITS = (9, 14)
CLASSES = (
    *("Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax"),
    *("Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia"),
)
CONCEPTS = (
    *("effusion", "fluid", "infiltrate", "infiltration", "infiltrates", "pneumonia", "pneumothorax", "opacity"),
    *("opacity of the left lower lobe", "opacity of the left upper lobe", "atelectasis", "heart", "cardiomegaly"),
    *("air", "scar", "scarring", "tissue", "tissues", "hyperinflation", "diaphragm", "diaphragms", "nodule", "mass"),
    *("edema", "rib"),
)

Keys = Sequence[str]
SCREENS: Mapping[str, Keys] = {
    "concepts": (),
    "hidden layer": ("k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "enter", "j", "j", "j", "j"),
    "dead unit": ("g", "j", "j"),
    "evidence": ("e",),
    "evidence of a weak neuron": ("j", "e"),
    "methods": ("m",),
    "concept": ("2", "enter"),
    "films": ("3",),
    "weaker films": ("3", "greater_than_sign"),
    "films off": ("I", "3"),
    "film": ("3", "enter"),
    "why a film": ("3", "enter"),
    "why a film with heat": ("3", "enter", "h", "h", "tab", "tab", "j"),
    "class": ("C",),
    "false positives of a class": ("C", "s", "f", "right", "j"),
    "missed films": ("F", *"missed effusion", "enter"),
    "sorted by matters": ("C", "1", "s", "m"),
    "slider": ("a",),
    "lower alpha": ("a", *"0.5", "enter"),
    "help": ("question_mark",),
    "palette": ("ctrl+p", *"sort"),
    "filter": ("slash", *"infil"),
    "filter with completion": ("slash", *"label:in"),
    "sort menu": ("s",),
    "sorted by trust": ("s", "t"),
    "filter that finds nothing": ("slash", *"zebra", "enter"),
    "verdicts": ("y", "x", "u"),
    "judged": ("y", "k"),
    "hollow": ("y", "k", "a", *"0.3", "enter"),
    "own label": ("o", *"pneu"),
    "note": ("i", *"only AP films"),
    "own label and note": ("o", *"wedge", "enter", "i", *"only AP films", "enter"),
    "concepts marked": ("2", "space", "j", "space", "space"),
    "export menu": ("E",),
    "copy menu": ("Y",),
    "other readers": ("y", "y", "y", "V"),
    "comparison": ("equals_sign", "enter", "j", "j"),
}
"""By name, the keys that lead to each screen from the classifier's unit 7"""
DECIDED = frozenset(
    {"why a film", "why a film with heat", "class", "false positives of a class", "missed films", "sorted by matters"}
)
"""The screens of a run that holds the model's decisions"""


def write_run(folder: Path) -> Path:
    """The run on the screens: synthetic, with the names of findings and concepts that are much alike."""
    contents, batches = small_contents(units=UNITS, concepts=len(CONCEPTS))
    hidden, last = contents.layers
    contents = replace(
        contents,
        concepts=list(CONCEPTS),
        alpha=0.75,
        layers=[
            Layer("features.denseblock3", hidden.pooling, ()),
            Layer("classifier", last.pooling, CLASSES),
        ],
    )
    batches = [
        replace(
            batch,
            activations={
                layer.name: values for layer, values in zip(contents.layers, batch.activations.values(), strict=True)
            },
        )
        for batch in batches
    ]
    methods = {"www": {"count": 20}, "netdissect": {}, "tcav": {}}
    contents = with_evidence(contents, UNITS, 0, 3, 0, methods)
    path = folder / "run.duckdb"
    assemble(path, contents, batches)
    _write_other(folder / OTHER, contents, batches)
    decided = shutil.copy(path, _decided(path))
    decide(decided, CLASSES)
    add_maps(decided)
    return path


def _decided(run: Path) -> Path:
    return run.with_name("decided.duckdb")


def _write_other(path: Path, contents: RunContents, batches: Sequence[Batch]) -> None:
    """A run to compare with: another checkpoint, whose first layer has its units in another order, and other texts."""
    rng = np.random.default_rng(1)
    assert contents.parts is not None
    texts = contents.text_embeddings + rng.normal(scale=0.4, size=contents.text_embeddings.shape)
    contents = replace(
        contents,
        template="There is a",
        text_embeddings=texts.astype(np.float32),
        parts=replace(contents.parts, layers={layer.name: f"other {layer.name}" for layer in contents.layers}),
    )
    hidden, last = (layer.name for layer in contents.layers)
    changed = []
    for batch in batches:
        values = batch.activations[hidden][:, ::-1] + rng.normal(scale=0.4, size=batch.activations[hidden].shape)
        activations = {hidden: values.astype(np.float32), last: batch.activations[last]}
        changed.append(replace(batch, activations=activations))
    assemble(path, contents, changed)


async def drawn(run: Path, folder: Path, name: str, size: tuple[int, int]) -> str:
    """A screen as text, one line for each of its rows."""
    run = _decided(run) if name in DECIDED else run
    with _steady():
        _judge_as_another(run, folder)
        async with explorer(run, folder, size=size, start=("classifier", 7)) as opened:
            keeper = opened.screen.keeper
            keeper.state = keeper.state.with_compared(str(run.with_name(OTHER)))
            await opened.press(*SCREENS[name])
            return await settled(opened)


def stored(name: str, size: tuple[int, int]) -> Path:
    """The file with the screen as it should be."""
    columns, rows = size
    return FOLDER / f"{columns}x{rows}" / f"{name.replace(' ', '_')}.txt"


def _judge_as_another(run: Path, folder: Path) -> None:
    """Writes verdicts of a second reader beside the copy of the run."""
    with RunReader(run) as reader, mock.patch.dict(os.environ, {"MAMMI_READER": "r2"}):
        others = VerdictLog(folder / "run.duckdb", reader.info.content_hash, reader.subject)
        requery, cuts = Requery(reader), reader.info.cuts
        for unit, verdict in (7, "accept"), (8, "reject"), (9, "accept"), (11, "unsure"):
            answer = requery.neuron("classifier", unit, cuts)
            words = [reader.concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
            judge(others, f"classifier:{unit}", verdict, words, cuts)


class _Then(datetime):
    """A clock that stands."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _Then:
        return cls(2026, 11, 3, 12, tzinfo=tz)


@contextmanager
def _steady() -> Iterator[None]:
    """Whatever differs from one machine or one day to the next is fixed."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.dict(os.environ, {"MAMMI_READER": "r1", "TZ": "UTC"}))
        stack.enter_context(mock.patch.object(log, "datetime", _Then))
        stack.enter_context(mock.patch.object(evidence, "SOON_COMPUTED", 5_000_000))
        yield
