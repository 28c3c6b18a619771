"""The figures behind the film view, the class view and the concept view."""

from __future__ import annotations

import numpy as np

from engine.decisions.answers import ClassAnswers
from engine.decisions.concepts import Concepts
from engine.decisions.film import FilmDecision
from engine.decisions.heat import strongest
from engine.decisions.outputs import Outcomes
from engine.decisions.similar import similar_films
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.thumbnails import decode
from tests.support.measuring import Report
from tests.support.nih_run import CLASSES


def measure(report: Report, reader: RunReader, requery: Requery) -> None:
    rng = np.random.default_rng(2)
    outcomes = Outcomes.of(reader)
    if outcomes is None:
        return

    def film() -> None:
        image, number = int(rng.integers(reader.image_count)), int(rng.integers(len(CLASSES)))
        reader.images([image])
        decode(reader.thumbnail(image))
        FilmDecision.of(reader, outcomes, image).shares(number)
        if (values := reader.class_map(image, number)) is not None:
            strongest(values, 192, 192)

    def similar() -> None:
        vectors = requery.vectors()
        similar_films(vectors.embeddings, vectors.inverse_lengths, int(rng.integers(reader.image_count)), 24)

    report.time("a film: its picture, outputs, units, heat", film, 100, bound=50, statistic="p95")
    report.time("films like a film", similar, 30, bound=100, statistic="p95")
    units = reader.layers[0].units
    report.time("a unit's maps", lambda: reader.unit_maps(int(rng.integers(units))), 100, bound=20, statistic="p95")
    answers = ClassAnswers(reader, outcomes)
    report.time("the first class", lambda: answers.of(CLASSES[0]), 1, bound=500)
    others = iter(CLASSES[1:])
    report.time("another class", lambda: answers.of(next(others)), len(CLASSES) - 1, bound=50)
    concepts, cuts = Concepts(reader, requery), reader.info.cuts
    report.time("the first concept", lambda: concepts.concept(0, cuts), 1)
    report.time(
        "another concept", lambda: concepts.concept(int(rng.integers(len(reader.concepts))), cuts), 50, bound=150
    )
