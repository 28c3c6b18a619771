"""MedKLIP's encoders: the published preprocessing, patches and queries, from a checkpoint that must fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torchvision import transforms
from torchvision.models import resnet50
from transformers import BertConfig, BertModel

from engine.errors import ConfigError, MammiError
from engine.probing.base import Image as ProbingImage
from engine.vlms.medklip import Options, load
from engine.vlms.models.medklip import MedKLIPVLM
from tests.support.medclip_files import WEIGHTS_NAME
from tests.support.medklip_files import DIMENSION, medklip_weights, write_clinical_bert, write_medklip

CPU = torch.device("cpu")
IMAGE = ProbingImage("film.png")
WIDTH, VOCABULARY = 64, 400


def loaded(weights: Path, text_encoder: Path) -> MedKLIPVLM:
    return load(Options(weights=weights, text_encoder=text_encoder), Path(), CPU)


def film(seed: int, height: int = 300, width: int = 260) -> NDArray[np.uint8]:
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """checkpoint_final.pth and Bio_ClinicalBERT/, both with a narrow text side."""
    made = tmp_path_factory.mktemp("medklip")
    write_medklip(made / "checkpoint_final.pth", WIDTH)
    write_clinical_bert(made / "Bio_ClinicalBERT", WIDTH, 3, VOCABULARY)
    return made


@pytest.fixture(scope="module")
def vlm(folder: Path) -> MedKLIPVLM:
    return loaded(folder / "checkpoint_final.pth", folder / "Bio_ClinicalBERT")


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    return medklip_weights(WIDTH)


@pytest.mark.slow
def test_images_are_prepared_as_published(vlm: MedKLIPVLM) -> None:
    published = transforms.Compose(
        [
            transforms.Resize([224, 224]),
            transforms.ToTensor(),
            transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        ]
    )
    colour = Image.fromarray(film(0)).convert("RGB")
    torch.testing.assert_close(vlm.preprocess(film(0), IMAGE), published(colour), rtol=0, atol=0)


@pytest.mark.slow
def test_an_image_is_the_mean_of_its_projected_patches(vlm: MedKLIPVLM, weights: dict[str, Tensor]) -> None:
    batch = torch.stack([vlm.preprocess(film(seed), IMAGE) for seed in range(2)])
    trunk = nn.Sequential(*list(resnet50().children())[:-3]).eval()
    prefix = "res_features."
    trunk.load_state_dict({name[len(prefix) :]: value for name, value in weights.items() if name.startswith(prefix)})
    with torch.no_grad():
        patches = trunk(batch).permute(0, 2, 3, 1).reshape(2, 196, 1024)
        hidden = torch.relu(patches @ weights["res_l1.weight"].T + weights["res_l1.bias"])
        mean = (hidden @ weights["res_l2.weight"].T + weights["res_l2.bias"]).mean(dim=1)
    expected = mean / mean.norm(dim=1, keepdim=True)
    torch.testing.assert_close(vlm.encode_images(batch), expected, atol=1e-5, rtol=0)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = vlm.encode_images(batch)
    torch.testing.assert_close(mixed, expected, atol=0.02, rtol=0)


def test_a_text_is_the_query_made_of_it(vlm: MedKLIPVLM, folder: Path, weights: dict[str, Tensor]) -> None:
    """As published: padded to one length and masked, the first token of the last layer, projected."""
    saved = torch.load(folder / "Bio_ClinicalBERT" / WEIGHTS_NAME, weights_only=True)
    sizes = {"vocab_size": VOCABULARY, "hidden_size": WIDTH, "intermediate_size": 4 * WIDTH}
    bert = BertModel(BertConfig(num_hidden_layers=3, num_attention_heads=1, **sizes)).eval()
    own = bert.state_dict()
    bert.load_state_dict({name: saved[f"bert.{name}"] for name in own})
    tokens = (folder / "Bio_ClinicalBERT" / "vocab.txt").read_text().split()
    words = [["[CLS]", "lung", "[SEP]"], ["[CLS]", "opacity", "of", "lung", "[SEP]"]]
    padded = torch.tensor([[tokens.index(word) for word in text + ["[PAD]"] * (64 - len(text))] for text in words])
    with torch.no_grad():
        first = bert(input_ids=padded, attention_mask=(padded != 0).long()).last_hidden_state[:, 0]
        query = first @ weights["disease_embedding_layer.weight"].T + weights["disease_embedding_layer.bias"]
    expected = (query / query.norm(dim=1, keepdim=True)).numpy()
    np.testing.assert_allclose(vlm.encode_texts(["Lung", "opacity of lung"]), expected, atol=1e-5)
    np.testing.assert_allclose(vlm.encode_texts(["opacity of lung"]), expected[1:], atol=1e-5)


@pytest.mark.slow
def test_identity_follows_both_files(vlm: MedKLIPVLM, folder: Path, weights: dict[str, Tensor], tmp_path: Path) -> None:
    bare = tmp_path / "bare.pth"
    torch.save(weights, bare)
    other = write_clinical_bert(tmp_path / "other", WIDTH, 2, VOCABULARY)
    identities = {loaded(bare, folder / "Bio_ClinicalBERT").identity, vlm.identity}
    assert len(identities | {loaded(folder / "checkpoint_final.pth", other).identity}) == 3


@pytest.mark.parametrize(
    ("name", "new", "told"),
    [
        ("res_l1.weight", "res_l1.weights", "missing: res_l1.weight; unexpected: res_l1.weights"),
        ("res_features.0.weight", "", "missing: res_features.0.weight"),
        ("disease_embedding_layer.weight", "", "missing: disease_embedding_layer.weight"),
        ("", "ana_embedding_layer.weight", "unexpected: ana_embedding_layer.weight"),
    ],
)
def test_keys_that_do_not_fit_are_listed(
    name: str, new: str, told: str, folder: Path, weights: dict[str, Tensor], tmp_path: Path
) -> None:
    changed = {key: value for key, value in weights.items() if key != name}
    torch.save(changed | ({new: torch.zeros(2)} if new else {}), tmp_path / "changed.pth")
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path / "changed.pth", folder / "Bio_ClinicalBERT")
    assert f"changed.pth does not fit the model. {told}" in str(raised.value)


def test_a_text_encoder_that_does_not_fit_is_told(folder: Path, tmp_path: Path) -> None:
    checkpoint = folder / "checkpoint_final.pth"
    with pytest.raises(ConfigError, match=r"vlm.text_encoder: no pytorch_model.bin and no model.safetensors in"):
        loaded(checkpoint, tmp_path)
    wide = write_clinical_bert(tmp_path / "wide", 2 * WIDTH, 2, VOCABULARY)
    with pytest.raises(MammiError, match=r"wide gives 128 numbers a token; .* was trained on 64"):
        loaded(checkpoint, wide)
    unnamed = write_clinical_bert(tmp_path / "unnamed", WIDTH, 2, VOCABULARY)
    (unnamed / "vocab.txt").unlink()
    with pytest.raises(ConfigError, match=r"vlm.text_encoder: no tokenizer.json and no vocab.txt in"):
        loaded(checkpoint, unnamed)


@pytest.mark.slow
def test_full_size_files_encode_films_and_texts(tmp_path: Path) -> None:
    weights = write_medklip(tmp_path / "checkpoint_final.pth")
    vlm = loaded(weights, write_clinical_bert(tmp_path / "Bio_ClinicalBERT"))
    assert (vlm.name, vlm.dimension) == ("MedKLIP", DIMENSION)
    images = vlm.encode_images(torch.stack([vlm.preprocess(film(seed), IMAGE) for seed in range(2)])).numpy()
    texts = vlm.encode_texts(["pneumonia", "lung", "A chest x-ray image of a"])
    assert images.shape == (2, 256)
    assert texts.shape == (3, 256)
    for vectors in (images, texts):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
        assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
