"""A small run whose films have attributes, one of which an output reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.decisions.outputs import Outcomes
from engine.probing.base import NONE
from engine.store.reader import RunReader
from tests.support.decisions import decided_run
from tests.support.resealed import changed

READ = "Effusion"


def attributed_run(folder: Path, images: int = 240, *, value: str = "tube", **options: object) -> Path:
    """A `decided_run` with the attributes device (`value` on films with a high output for READ, a wire on few), sex
    (by patient, at random), age (of each patient) and site (unknown of half of the films). `options` are those of
    `decided_run`."""
    path = decided_run(folder, images=images, **options)
    rng = np.random.default_rng(3)
    with RunReader(path) as reader:
        outcomes = Outcomes.of(reader)
        assert outcomes is not None
        outputs = outcomes.probabilities[:, outcomes.classes.index(READ)]
        _, patients = reader.coded("patient")
    order = np.argsort(np.argsort(outputs)) / images
    sexes, ages = rng.choice(["F", "M"], patients.max() + 1), rng.integers(20, 90, patients.max() + 1)
    rows: list[tuple[int, str, str]] = []
    for image in range(images):
        devices = [value] if order[image] + rng.normal(scale=0.3) > 0.5 else []
        devices += ["wire"] if image % 30 == 0 else []
        rows += [(image, "device", device) for device in devices or [NONE]]
        rows += [(image, "sex", str(sexes[patients[image]])), (image, "age", str(ages[patients[image]]))]
        rows += [(image, "site", "AB"[rng.integers(2)])] if image % 2 else []
    with changed(path) as connection:
        query = "INSERT INTO image_attributes SELECT unnest(?::INTEGER[]), unnest(?::VARCHAR[]), unnest(?::VARCHAR[])"
        connection.execute(query, [list(column) for column in zip(*rows, strict=True)])
    return path
