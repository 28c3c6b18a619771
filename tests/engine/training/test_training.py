"""Training and evaluation from end to end on a tiny scale, and the contrastive loss in closed form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.probing.findings import FINDINGS
from engine.probing.phantom.population import HELD_OUT_SEEDS, population
from engine.training.captions import TEMPLATE, caption, film_texts
from engine.training.data import make_films
from engine.training.evaluate import auroc, results
from engine.training.train import Recipe, contrastive_loss, train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("weights")
    recipe = Recipe(films=32, classifier_epochs=1, classifier_batch=16, dual_encoder_epochs=1, dual_encoder_batch=16)
    train(recipe, out, workers=1, log=lambda _: None)
    return out


@pytest.mark.slow
def test_trained_weights_load_and_are_evaluated(trained: Path) -> None:
    natural = make_films(HELD_OUT_SEEDS[3], 20, enriched=False, workers=1)
    enriched = make_films(HELD_OUT_SEEDS[4], 20, enriched=True, workers=1)
    text = results(trained, natural, enriched)
    assert all(f"| {finding} |" in text for finding in FINDINGS)
    assert "| **mean** |" in text
    assert "films 32" in text


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    truth = np.array([True, True, False, False])
    assert auroc(np.array([3.0, 1.0, 2.0, 0.0]), truth) == 0.75
    assert auroc(np.array([1.0, 1.0, 1.0, 1.0]), truth) == 0.5
    assert np.isnan(auroc(np.zeros(4), np.zeros(4, dtype=bool)))


def test_captions_affirm_only_what_the_report_affirms() -> None:
    for anatomy, texts in zip(population(0, 200), film_texts(population(0, 200)), strict=True):
        present = {finding.name for finding in anatomy.findings}
        for name in ("Pneumothorax", "Effusion", "Cardiomegaly", "Hernia", "Nodule"):
            if name not in present:
                assert caption(name.lower()) not in texts.all()
        assert TEMPLATE in texts.all()


def test_the_contrastive_loss_of_equal_logits_is_the_logarithm_of_the_choices() -> None:
    fits = torch.eye(4, dtype=torch.bool)
    loss = contrastive_loss(torch.zeros(4, 4), fits, torch.arange(4))
    assert loss.item() == pytest.approx(np.log(4))
    assert contrastive_loss(50.0 * torch.eye(4), fits, torch.arange(4)).item() < 1e-6


def test_a_text_that_fits_every_film_is_pulled_to_equal_cosines() -> None:
    fits = torch.tensor([[True, True], [True, False]])
    columns = torch.tensor([0, 1, 0, 0])
    equal = contrastive_loss(torch.tensor([[0.0, 1.0], [0.0, -1.0]]), fits, columns)
    tilted = contrastive_loss(torch.tensor([[1.0, 1.0], [-1.0, -1.0]]), fits, columns)
    assert equal < tilted
