"""Opening the file, and what is stored in it as it is shown."""

from __future__ import annotations

import numpy as np

from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.measuring import Report


def measure(report: Report, reader: RunReader, requery: Requery) -> None:
    info, own = reader.layers[0], reader.info.cuts
    rng = np.random.default_rng(1)
    report.time("open", lambda: RunReader(reader.path).close(), 5, bound=200)
    report.time("first layer at the run's own α, β", lambda: requery.layer(info.name, own), 1, bound=100)
    report.time("first neuron at the run's own α, β", lambda: requery.neuron(info.name, 3, own), 1, bound=100)
    report.time(
        "own neuron",
        lambda: requery.neuron(info.name, int(rng.integers(info.units)), own),
        50,
        bound=5,
        statistic="p95",
    )
    report.time("one thumbnail", lambda: reader.thumbnail(int(rng.integers(reader.image_count))), 50, bound=5)
    report.time("12 images' rows", lambda: reader.images(rng.integers(reader.image_count, size=12)), 50, bound=20)
    report.time("warm: embeddings and the layer's index", requery.warm, 1, bound=1500)
