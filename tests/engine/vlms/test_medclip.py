"""MedCLIP: exact to what the published package computes, and loaded only when it fits."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file
from tokenizers.implementations import BertWordPieceTokenizer
from torch import Tensor

from engine.errors import ConfigError, MammiError, UnreadableImage
from engine.probing.base import Image as ProbingImage
from engine.probing.decoding import decode
from engine.vlms.medclip import Options, load
from engine.vlms.models import medclip_network
from engine.vlms.models.medclip import MedCLIPVLM, film_pixels
from tests.shared import shared_path
from tests.support.medclip_files import (
    FULL,
    GOLDEN,
    TINY,
    Checkpoint,
    medclip_weights,
    write_medclip,
    write_vocabulary,
    write_zip,
)

CPU = torch.device("cpu")
IMAGE = ProbingImage("film.png")
TEXTS = ["A chest x-ray image of a lung", "opacity", "", "severe CAFÉ, in the left lower lobe; 3.5 cm ___", "Opacity"]


def loaded(weights: Path, tokenizer: Path, **options: Any) -> MedCLIPVLM:
    return load(Options(weights=weights, tokenizer=tokenizer, **options), Path(), CPU)


def films(count: int = 2, height: int = 300, width: int = 260) -> list[NDArray[np.uint8]]:
    """Smooth noise, each film of its own brightness."""
    made = []
    for seed in range(count):
        coarse = np.random.default_rng(seed).integers(20 * seed, 120 + 20 * seed, (9, 9), dtype=np.uint8)
        made.append(np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)))
    return made


def image_vectors(vlm: MedCLIPVLM, shown: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
    return vlm.encode_images(torch.stack([vlm.preprocess(film, IMAGE) for film in shown])).numpy()


# What the published package computes


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> MedCLIPVLM:
    tokenizer = shared_path("goldens", "medclip")
    folder = tmp_path_factory.mktemp("golden")
    torch.save(medclip_weights(size=GOLDEN), folder / "pytorch_model.bin")
    return loaded(folder, tokenizer)


@pytest.fixture(scope="module")
def expected() -> dict[str, NDArray[np.float32]]:
    return dict(np.load(shared_path("goldens", "medclip", "outputs.npz"), allow_pickle=False))


def test_test_checkpoints_have_the_published_keys_and_shapes() -> None:
    listed = json.loads(shared_path("goldens", "medclip", "keys.json").read_text())
    shapes = {name: shape["shape"] if isinstance(shape, dict) else shape for name, shape in listed.items()}
    assert {name: list(value.shape) for name, value in medclip_weights(size=GOLDEN).items()} == shapes


@pytest.mark.slow
@pytest.mark.parametrize("name", ["grey", "rgb", "small"])
def test_pixels_and_image_embeddings_are_the_published(
    name: str, golden: MedCLIPVLM, expected: dict[str, NDArray[np.float32]]
) -> None:
    pixels = golden.preprocess(decode(shared_path("goldens", "medclip", "images", f"{name}.png").read_bytes()), IMAGE)
    np.testing.assert_array_equal(pixels.numpy()[None], expected[f"pixels_{name}"])
    np.testing.assert_allclose(golden.encode_images(pixels[None]), expected[f"image_{name}"], atol=1e-6)


def test_pixels_of_a_film_with_alpha_are_the_published(
    golden: MedCLIPVLM, expected: dict[str, NDArray[np.float32]]
) -> None:
    """The published code drops the alpha, which is 200 in this file; decoded as a viewer shows it, it is darker."""
    with Image.open(shared_path("goldens", "medclip", "images", "rgba.png")) as image:
        pixels = film_pixels(np.asarray(image.convert("RGB").convert("L")))
    np.testing.assert_array_equal(pixels.numpy()[None], expected["pixels_rgba"])
    np.testing.assert_allclose(golden.encode_images(pixels[None]), expected["image_rgba"], atol=1e-6)


def test_texts_are_encoded_as_one_by_one(golden: MedCLIPVLM, expected: dict[str, NDArray[np.float32]]) -> None:
    texts = json.loads(shared_path("goldens", "medclip", "texts.json").read_text())
    together = golden.encode_texts(texts)
    np.testing.assert_allclose(together, expected["text_one_by_one"], atol=1e-6)
    np.testing.assert_allclose(np.concatenate([golden.encode_texts([text]) for text in texts]), together, atol=1e-6)


# Loading


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return write_medclip(tmp_path_factory.mktemp("tiny"), size=TINY, words=["lung", "opacity"])


@pytest.fixture(scope="module")
def tiny_vlm(tiny: Checkpoint) -> MedCLIPVLM:
    return loaded(tiny.folder, tiny.tokenizer)


@pytest.mark.slow
def test_zip_directory_and_file_give_the_same_model(tiny: Checkpoint, tiny_vlm: MedCLIPVLM, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("published")
    archive = write_zip(tmp_path / "medclip-vit-pretrained.zip", [notes, tiny.weights], zipfile.ZIP_DEFLATED)
    wrapped = tmp_path / "wrapped.pth"
    torch.save({"state_dict": {f"module.{name}": value for name, value in read(tiny).items()}}, wrapped)
    safe = tmp_path / "model.safetensors"
    save_file(read(tiny), safe)
    expected = tiny_vlm.encode_texts(["chest"])
    for weights in (tiny.weights, archive, wrapped, safe, tmp_path):
        np.testing.assert_array_equal(loaded(weights, tiny.tokenizer).encode_texts(["chest"]), expected)
    assert not (tmp_path / "pytorch_model.bin").exists()


def read(checkpoint: Checkpoint) -> dict[str, Tensor]:
    return dict(torch.load(checkpoint.weights, weights_only=True))


@pytest.mark.slow
@pytest.mark.parametrize("vision", ["vit", "resnet"])
def test_no_parameter_is_left_at_random(vision: str, tmp_path: Path) -> None:
    checkpoint = write_medclip(tmp_path, vision, TINY)
    saved = {value.numpy().tobytes() for value in read(checkpoint).values()}
    model, name = medclip_network.load_model(checkpoint.weights)
    assert name == {"vit": "ViT", "resnet": "ResNet"}[vision]
    assert all(value.detach().numpy().tobytes() in saved for value in model.parameters())
    buffers = [value for name, value in model.named_buffers() if "running" in name]
    assert all(value.numpy().tobytes() in saved for value in buffers)
    assert not any(module.training for module in model.modules())


@pytest.mark.slow
def test_either_vision_side_is_seen_from_the_keys(tiny_vlm: MedCLIPVLM, tmp_path: Path) -> None:
    resnet = write_medclip(tmp_path, "resnet", TINY)
    other = loaded(resnet.folder, resnet.tokenizer)
    assert (tiny_vlm.name, other.name) == ("MedCLIP ViT", "MedCLIP ResNet")
    for vlm in (tiny_vlm, other):
        vectors = image_vectors(vlm, films(3))
        assert vectors.shape == (3, vlm.dimension)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
        assert np.abs(vectors[0] - vectors[1]).max() > 1e-3


BLOCK = "vision_model.model.encoder.layers.0.blocks.0.attention."
Q = f"{BLOCK}self.query.weight"
EMBEDDINGS = "text_model.model.embeddings.word_embeddings.weight"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({Q: None, BLOCK + "query": torch.zeros(32, 32)}, [f"missing: {BLOCK}", f"unexpected: {BLOCK}query"]),
        ({Q: torch.zeros(3, 32)}, [f"of another shape: {BLOCK}", "[3, 32] for [32, 32]"]),
        ({EMBEDDINGS: None}, [f"missing: {EMBEDDINGS}"]),
        ({EMBEDDINGS: torch.zeros(3)}, [f"{EMBEDDINGS} has the shape [3]"]),
        ({"text_model.model.pooler.dense.bias": None}, ["missing: text_model.model.pooler.dense.bias"]),
        ({"text_model.projection_head.bias": torch.zeros(32)}, ["unexpected: text_model.projection_head.bias"]),
        ({"vision_model.projection_head.weight": None}, ["missing: vision_model.projection_head.weight"]),
        ({"classifier.weight": torch.zeros(2)}, ["unexpected: classifier.weight"]),
    ],
)
def test_keys_that_do_not_fit_are_listed(
    changes: dict[str, Tensor | None], told: list[str], tiny: Checkpoint, tmp_path: Path
) -> None:
    changed = {name: value for name, value in (read(tiny) | changes).items() if value is not None}
    torch.save(changed, tmp_path / "pytorch_model.bin")
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, tiny.tokenizer)
    assert str(raised.value).startswith(f"{tmp_path / 'pytorch_model.bin'} does not fit the model. ")
    assert all(part in str(raised.value) for part in told)


def test_another_models_checkpoint_is_told(tiny: Checkpoint, tmp_path: Path) -> None:
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "other.pth")
    with pytest.raises(MammiError, match=r"vlm.weights: .*other.pth holds no MedCLIP"):
        loaded(tmp_path / "other.pth", tiny.tokenizer)


def test_missing_weights_are_told(tiny: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vlm.weights: no file at .*absent.zip"):
        loaded(tmp_path / "absent.zip", tiny.tokenizer)
    with pytest.raises(ConfigError, match=r"vlm.weights: no pytorch_model.bin and no model.safetensors in"):
        loaded(tmp_path, tiny.tokenizer)


def test_zips_that_cannot_be_used_are_told(tiny: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_zip(tmp_path / "whole.zip", [tiny.weights])
    truncated = tmp_path / "truncated.zip"
    truncated.write_bytes(whole.read_bytes()[:100_000])
    with pytest.raises(MammiError, match=r"truncated.zip is damaged, or not a zip"):
        loaded(truncated, tiny.tokenizer)
    flipped = bytearray(whole.read_bytes())
    flipped[200_000] ^= 255
    (tmp_path / "flipped.zip").write_bytes(flipped)
    with pytest.raises(MammiError, match=r"flipped.zip is damaged, or not a zip \(Bad CRC-32"):
        loaded(tmp_path / "flipped.zip", tiny.tokenizer)
    without = write_zip(tmp_path / "without.zip", [tiny.tokenizer / "vocab.txt"])
    with pytest.raises(MammiError, match=r"without.zip holds no pytorch_model.bin"):
        loaded(without, tiny.tokenizer)
    monkeypatch.setattr(medclip_network, "LARGEST", 1_000_000)
    with pytest.raises(MammiError, match=r"pytorch_model.bin in .*whole.zip would unpack to 6,"):
        loaded(whole, tiny.tokenizer)


def test_identity_follows_weights_and_tokenizer(tiny: Checkpoint, tiny_vlm: MedCLIPVLM, tmp_path: Path) -> None:
    changed = read(tiny)
    changed["text_model.projection_head.weight"] += 1e-6
    torch.save(changed, tmp_path / "changed.pth")
    identities = {
        tiny_vlm.identity,
        loaded(tmp_path / "changed.pth", tiny.tokenizer).identity,
        loaded(tiny.folder, write_vocabulary(tmp_path / "words", TINY.vocabulary, ["heart"])).identity,
    }
    assert len(identities) == 3
    assert loaded(tiny.folder, tiny.tokenizer).identity == tiny_vlm.identity


# Tokenizers and texts


def test_case_is_as_the_tokenizers_own_files_say(tiny: Checkpoint, tiny_vlm: MedCLIPVLM, tmp_path: Path) -> None:
    lower, upper = tiny_vlm.encode_texts(["opacity", "Opacity"])
    np.testing.assert_allclose(lower, upper, atol=1e-6)
    cased = write_vocabulary(tmp_path / "cased", TINY.vocabulary, ["lung", "opacity"])
    (cased / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    whole = tmp_path / "whole"
    whole.mkdir()
    BertWordPieceTokenizer(str(cased / "vocab.txt"), lowercase=False).save(str(whole / "tokenizer.json"))
    for folder in (cased, whole):
        kept, differing = loaded(tiny.folder, folder).encode_texts(["opacity", "Opacity"])
        np.testing.assert_allclose(kept, lower, atol=1e-6)
        assert np.abs(differing - lower).max() > 1e-3


def test_tokenizers_that_cannot_be_used_are_told(tiny: Checkpoint, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vlm.tokenizer: no tokenizer.json and no vocab.txt in"):
        loaded(tiny.folder, tmp_path)
    with pytest.raises(MammiError, match=r"vlm.tokenizer: .* has 700 tokens, the weights 668: it is another model's"):
        loaded(tiny.folder, write_vocabulary(tmp_path / "other", 700))
    nothing_known = tmp_path / "vocab.txt"
    nothing_known.write_text("\n".join(f"word{index}" for index in range(TINY.vocabulary)))
    with pytest.raises(MammiError, match=r"vlm.tokenizer: .*vocab.txt holds no tokenizer that can be read"):
        loaded(tiny.folder, tmp_path)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(MammiError, match=r"vlm.tokenizer: .*tokenizer.json holds no tokenizer that can be read"):
        loaded(tiny.folder, tmp_path)


def test_a_texts_vector_does_not_depend_on_the_others(tiny_vlm: MedCLIPVLM) -> None:
    many = [*TEXTS, *(f"lung {word}" for word in "abcdefgh")]
    together = tiny_vlm.encode_texts(many)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together, np.concatenate([tiny_vlm.encode_texts([text]) for text in many]), atol=1e-6)
    np.testing.assert_allclose(together[::-1], tiny_vlm.encode_texts(many[::-1]), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert tiny_vlm.encode_texts([]).shape == (0, tiny_vlm.dimension)


def test_a_text_longer_than_the_model_reads_is_cut(tiny_vlm: MedCLIPVLM) -> None:
    long, longer = tiny_vlm.encode_texts(["lung " * 600, "lung " * 600 + "opacity"])
    np.testing.assert_array_equal(long, longer)


# Images


def test_mixed_precision_gives_float32(tiny_vlm: MedCLIPVLM) -> None:
    batch = torch.stack([tiny_vlm.preprocess(film, IMAGE) for film in films()])
    with torch.autocast("cpu", torch.bfloat16):
        mixed = tiny_vlm.encode_images(batch)
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, tiny_vlm.encode_images(batch), atol=0.02, rtol=0)


def test_a_film_too_long_for_its_square_is_set_aside() -> None:
    with pytest.raises(UnreadableImage, match=r"too long for MedCLIP.*60000 × 2 pixels"):
        film_pixels(np.zeros((2, 60_000), np.uint8))


# At full size


@pytest.mark.slow
def test_a_full_size_checkpoint_encodes_films_and_texts(tmp_path: Path) -> None:
    checkpoint = write_medclip(tmp_path, words=["lung", "pneumonia"])
    vlm = loaded(checkpoint.folder, checkpoint.tokenizer)
    assert (vlm.name, vlm.dimension) == ("MedCLIP ViT", FULL.dimension)
    images, texts = image_vectors(vlm, films()), vlm.encode_texts(["pneumonia", "lung", "A chest x-ray image of a"])
    assert images.shape == (2, 512)
    assert texts.shape == (3, 512)
    for vectors in (images, texts):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
        assert np.abs(vectors[0] - vectors[1]).max() > 1e-3
