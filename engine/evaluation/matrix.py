"""Computes a matrix: its runs, which take over each other's results, and the evaluation of every cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.config.settings import RunConfig
from engine.device import choose_device
from engine.evaluation.encoders import OWN, Encoder, from_folder
from engine.evaluation.evaluate import evaluate
from engine.evaluation.labels import TextEncoder
from engine.evaluation.matrix_config import Matrix
from engine.evaluation.published_setting import Films, differences, digest, films_of, unchecked
from engine.evaluation.results import Evaluation, MethodEvaluation
from engine.methods import mammi, www
from engine.methods.base import Method
from engine.methods.panel import Panel
from engine.progress import Progress
from engine.requery import Requery
from engine.run.pipeline import run
from engine.store.reader import RunReader


@dataclass(frozen=True, slots=True)
class Cell:
    """The evaluation of one method with one VLM, one concept set and one α."""

    vlm: str
    """Its name in the matrix"""
    concept_set: str
    alpha: float
    """Set for every method, including those that do not use it"""
    count: int | None
    """Number of images of WWW's selection; None for other methods"""
    images_each: float | None
    """Mean number of representative images over the living units of the final layer, for MAMMI"""
    evaluation: MethodEvaluation


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What the tables say about one run."""

    path: Path
    target: str
    vlm: str
    """`target` and `vlm` are the names shown to a reader"""
    images: int
    concept_sets: Mapping[str, int]
    """Set -> its number of concepts"""
    digests: Mapping[str, str]
    """Set -> the digest of its concepts (engine.evaluation.published_setting)"""
    films: Films
    layers: tuple[str, ...]
    final: str | None
    """The layer whose units carry class names"""
    classes: tuple[str, ...]
    """The class names"""


@dataclass(frozen=True, slots=True)
class MatrixResult:
    """All that was computed for a matrix."""

    matrix: Matrix
    runs: Mapping[str, RunFacts]
    """By the VLM's name in the matrix, the base run's first"""
    encoders: tuple[str, ...]
    cells: tuple[Cell, ...]
    missing: tuple[str, ...]
    """What could not be evaluated and why, one short sentence each"""

    @property
    def own(self) -> RunFacts:
        """The facts of the base run."""
        return next(iter(self.runs.values()))

    @property
    def differences(self) -> tuple[str, ...]:
        """How the base run differs from the paper's, apart from its VLM, concept sets and methods."""
        own = self.own
        return tuple(differences(self.matrix.base, own.target, own.classes, own.films, self.matrix.encoders))

    @property
    def unchecked(self) -> tuple[str, ...]:
        """What cannot be compared with the paper's setting."""
        kinds = {leaf.kind for leaf in self.matrix.base.concepts}
        return unchecked(kinds | {cell.evaluation.method for cell in self.cells})


def compute(matrix: Matrix, progress: Progress) -> MatrixResult:
    """Computes or resumes the run of each VLM, then evaluates every cell.

    A run takes over results from the run files of the others and from that of the base run's own configuration, so the
    target model sees each image once. Encoders and VLMs are loaded before anything is computed, so that a missing one
    fails early. Raises MammiError as a run and an encoder do.
    """
    encoders = [_Remembering(encoder) for encoder in _encoders(matrix)]
    _check_vlms(matrix)
    for name, config in matrix.runs.items():
        if len(matrix.runs) > 1:
            progress.note(f"VLM {name}: {config.run.out}")
        beside = [other.run.out for other in matrix.runs.values()] + [matrix.own_out]
        run(config, progress, [path for path in dict.fromkeys(beside) if path.is_file()])
    if matrix.settings.own_encoder:
        encoders.append(_Remembering(_own_encoder(matrix.base)))
    cells: list[Cell] = []
    missing: dict[str, None] = {}
    facts = {}
    with ExitStack() as open_files:
        readers = {name: open_files.enter_context(RunReader(config.run.out)) for name, config in matrix.runs.items()}
        asked = {name: list(_asked(matrix, name)) for name in readers}
        progress.stage("evaluation", sum(map(len, asked.values())))
        for name, reader in readers.items():
            requery = Requery(reader)
            for question in asked[name]:
                found = question.evaluate(reader, requery, encoders)
                cells += _cells(name, question, found, reader, requery)
                missing |= dict.fromkeys(found.missing)
                progress.advance(1)
            facts[name] = _facts(reader, found.layer)
    return MatrixResult(matrix, facts, tuple(encoder.name for encoder in encoders), tuple(cells), tuple(missing))


@dataclass(frozen=True, slots=True)
class _Question:
    """Methods that are evaluated together over one run."""

    concept_set: str
    alpha: float
    compared: bool
    """Whether all methods of the run and WWW's selection are evaluated; else MAMMI alone"""
    counts: tuple[int, ...]

    def evaluate(self, reader: RunReader, requery: Requery, encoders: Sequence[TextEncoder]) -> Evaluation:
        methods: list[Method] = [mammi.load(mammi.Options(), reader, requery)]
        if self.compared:
            methods += [www.load(www.Options(count=count), reader, requery) for count in self.counts]
            methods += [method for method in Panel(reader, requery).methods if method.name not in ("mammi", "www")]
        cuts = replace(reader.info.cuts, alpha=self.alpha, concept_set=self.concept_set)
        return evaluate(reader, methods, encoders, cuts=cuts)


def _asked(matrix: Matrix, vlm: str) -> Iterator[_Question]:
    """The questions for the run of a VLM."""
    config = matrix.runs[vlm]
    everything = matrix.settings.every_combination
    for place, leaf in enumerate(config.concepts):
        own = config is matrix.base and place == 0
        for alpha in matrix.alphas if own or everything else (config.run.alpha,):
            compared = (own or everything) and alpha == config.run.alpha
            yield _Question(leaf.name, alpha, compared, matrix.settings.counts)


def _cells(vlm: str, question: _Question, found: Evaluation, reader: RunReader, requery: Requery) -> Iterator[Cell]:
    counts = iter(question.counts)
    for method in found.methods:
        yield Cell(
            vlm=vlm,
            concept_set=question.concept_set,
            alpha=question.alpha,
            count=next(counts) if method.method == "www" else None,
            images_each=_images_each(reader, requery, found) if method.method == "mammi" else None,
            evaluation=method,
        )


def _images_each(reader: RunReader, requery: Requery, found: Evaluation) -> float | None:
    if found.layer is None:
        return None
    alive = ~reader.layer(found.layer).dead
    counts = requery.layer(found.layer, found.cuts).counts
    return float(np.mean(counts[alive])) if alive.any() else None


def _facts(reader: RunReader, final: str | None) -> RunFacts:
    return RunFacts(
        path=reader.path,
        target=reader.info.target,
        vlm=reader.info.vlm,
        images=reader.image_count,
        concept_sets={each.name: len(each.concepts) for each in reader.concept_sets},
        digests={each.name: digest([reader.concepts[c] for c in each.concepts]) for each in reader.concept_sets},
        films=films_of(reader.paths(), [image.path for image in reader.set_aside()]),
        layers=tuple(layer.name for layer in reader.layers),
        final=final,
        classes=() if final is None else reader.layer(final).unit_names,
    )


def _encoders(matrix: Matrix) -> Iterator[TextEncoder]:
    for name, folder in matrix.encoders.items():
        yield from_folder(name, folder, f"matrix.encoders.{name}")


def _own_encoder(base: RunConfig) -> TextEncoder:
    return Encoder(OWN, base.vlm.load(base.base, choose_device(base.run.device)))


def _check_vlms(matrix: Matrix) -> None:
    """Loads and releases the VLM of each run that is computed after another."""
    to_be_made = [config for config in matrix.runs.values() if not config.run.out.is_file()]
    for config in to_be_made[1:]:
        config.vlm.load(config.base, choose_device("cpu"))


class _Remembering:
    """A text encoder that encodes each text once for all cells."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._vectors: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As TextEncoder.encode."""
        new = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        if new:
            self._vectors |= dict(zip(new, self._encoder.encode(new), strict=True))
        return np.stack([self._vectors[text] for text in texts])
