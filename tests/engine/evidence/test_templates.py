"""The best concepts under a run's other templates."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.annotation import scoring, selection
from engine.annotation.cuts import Cuts
from engine.evidence import templates
from engine.evidence.columns import TEMPLATE_AGREEMENT
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.runs import small_contents, small_run, with_evidence


def test_each_other_template_scores_the_same_images_again(tmp_path: Path) -> None:
    contents, batches = small_contents(seed=3)
    contents = with_evidence(contents, (8, 14), 3, 3, 0, {})
    embeddings = np.concatenate([batch.embeddings for batch in batches])
    activations = np.concatenate([batch.activations["layer1"] for batch in batches])
    with RunReader(small_run(tmp_path, seed=3, other_templates=3)) as reader:
        evidence = Evidence(reader, Requery(reader))
        whole = evidence.layer("layer1", Cuts(0.7, 0.9))
        for unit in range(1, 14):
            images = selection.representatives(activations[:, unit], 0.7)
            expected = [
                int(scoring.concept_scores(embeddings[images], other.text_embeddings, other.embedding).argmax())
                for other in contents.other_templates
            ]
            found = evidence.neuron("layer1", unit, Cuts(0.7, 0.9))
            assert [name for name, _ in found.template_bests] == [other.template for other in contents.other_templates]
            assert [best for _, best in found.template_bests] == expected
            assert found[TEMPLATE_AGREEMENT] == np.mean([best == found.best for best in expected])
            assert whole[TEMPLATE_AGREEMENT][unit] == found[TEMPLATE_AGREEMENT]


def test_without_other_templates_there_is_no_agreement() -> None:
    assert np.isnan(templates.agreement(np.empty((2, 0), dtype=np.int64), np.array([1, 2]))).all()
