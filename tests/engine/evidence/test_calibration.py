"""Neurons that respond to nothing are seldom called significant, at any α."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.annotation.cuts import Cuts, Selection
from engine.evidence.columns import P_VALUE, Q_VALUE
from engine.evidence.image_columns import TWO_GROUPS
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.noise import noise_run

UNITS = 500


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films of 25 kinds with very uneven shares, and concepts near some of the kinds: as skewed as phantoms are.
    tests/benchmarks/evidence_calibration.py does the same over the phantoms of `mammi demo`."""
    rng = np.random.default_rng(0)
    kinds = rng.normal(size=(25, 32))
    shares = rng.dirichlet(np.full(25, 0.5))
    embeddings = 3 + 1.5 * kinds[rng.choice(25, size=800, p=shares)] + rng.normal(size=(800, 32))
    texts = np.concatenate([kinds + 0.5 * rng.normal(size=kinds.shape), rng.normal(size=(40, 32))])
    return noise_run(
        tmp_path_factory.mktemp("noise") / "run.duckdb",
        *(part.astype(np.float32) for part in (embeddings, texts, rng.normal(size=32))),
        units=UNITS,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "cuts",
    [
        *(Cuts(alpha, 0.95) for alpha in (0.93, 0.8, 0.6, 0.3)),
        Cuts(0.93, 0.95, ranking="z", selection=Selection("top", 40)),
    ],
)
def test_noise_is_seldom_significant(noise: Path, cuts: Cuts) -> None:
    """At most 6 % of all neurons at 5 %, give or take the chance of so few neurons; hardly any once corrected over the
    layer. Representative images: 1 to 3 of relu, 2 to 780 of the others."""
    with RunReader(noise) as reader:
        evidence = Evidence(reader, Requery(reader))
        p, q, groups = [], [], []
        for layer in reader.layers:
            found = evidence.layer(layer.name, cuts)
            p.append(found[P_VALUE])
            q.append(found[Q_VALUE])
            groups.append(found[TWO_GROUPS])
        allowed = 2 * np.sqrt(0.05 * 0.95 / UNITS)
        for values in p:
            assert np.mean(values < 0.05) < 0.05 + allowed
        assert np.mean(np.concatenate(p) < 0.05) <= 0.06
        assert np.mean(np.concatenate(q) < 0.05) <= 0.01
        assert np.mean(np.concatenate(groups)) <= 0.07
