"""Another process computes what the run would, or says why it cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.config.settings import load_config
from engine.errors import MammiError
from engine.run.cache import Cache
from engine.run.inputs import RunInputs
from engine.run.notes import Notes
from engine.run.stage import Run
from engine.run.workers.held import Claims, SharedParts
from engine.run.workers.order import Order
from engine.store.work import WorkFile
from tests.support.models import tiny_project, write_film
from tests.support.tiny_runs import Heard


@pytest.fixture
def order(tmp_path: Path) -> Order:
    config = load_config(tiny_project(tmp_path, films=6))
    with WorkFile(tmp_path / "w.work") as work:
        run = Run(config, RunInputs(config, None, Notes()), Cache(work, []), Heard(), Notes())
        return Order.of(config, run.parts, run.inputs.probing)


def test_it_computes_the_images_it_is_given(order: Order) -> None:
    worker = order.worker()
    claims = Claims(order.part_keys, SharedParts.of({}))
    pieces = list(worker.pieces([1, 2, 3, 4, 5], claims.claim))
    assert sorted(place for piece in pieces for place, _ in piece.looked_up) == [1, 2, 3, 4, 5]
    assert [piece.images for piece in pieces if piece.images] == [4, 1]
    embeddings = [
        rows.values
        for piece in pieces
        if piece.computed
        for rows in piece.computed.vectors
        if rows.part == order.part_keys.embedding
    ]
    assert np.concatenate(embeddings).shape == (5, 8)


def test_what_differs_on_its_machine_is_told(order: Order, tmp_path: Path) -> None:
    for other, told in [
        (replace(order, version="9.9"), "install the same version"),
        (replace(order, base=str(tmp_path / "elsewhere")), "share it"),
        (
            replace(order, parts=order.parts.replace('"embedding": "', '"embedding": "0')),
            "another part 'embedding' than the run",
        ),
    ]:
        with pytest.raises(MammiError, match=told):
            other.worker()
    write_film(tmp_path / "films" / "more.png", seed=9)
    with pytest.raises(MammiError, match="other films than the run"):
        order.worker()
