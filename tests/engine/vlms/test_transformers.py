"""CLIP and SigLIP from local folders: the embeddings of transformers' own processors and models."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import transformers
from PIL import Image as PILImage
from safetensors.torch import save_file
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize, ToTensor

from engine.errors import ConfigError, MammiError
from engine.probing.base import Image
from engine.vlms.models.transformers import TransformersVLM
from engine.vlms.transformers import Options, load
from tests.support.transformers_files import write_clip, write_siglip, write_siglip2

TEXTS = (
    "a chest x-ray image of a",
    "a chest x-ray image of a pneumonia",
    "heart & lung, 3 cm!",
    "nodule " * 1500,
)
WRITERS: dict[str, Callable[..., Path]] = {"clip": write_clip, "siglip": write_siglip, "siglip2": write_siglip2}


@pytest.fixture(scope="module", params=sorted(WRITERS))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "siglip":
        pytest.importorskip("sentencepiece")
    return WRITERS[request.param](tmp_path_factory.mktemp("transformers") / request.param)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("transformers") / "clip")


def films() -> list[np.ndarray]:
    coarse = np.random.default_rng(1).integers(0, 256, (3, 9, 7), dtype=np.uint8)
    sizes = ((300, 260), (200, 300), (64, 64))
    return [
        np.asarray(PILImage.fromarray(film).resize(size, PILImage.Resampling.BICUBIC))
        for film, size in zip(coarse, sizes, strict=True)
    ]


def loaded(folder: Path) -> TransformersVLM:
    return load(Options(directory=Path(folder.name)), folder.parent, torch.device("cpu"))


def batch(vlm: TransformersVLM) -> torch.Tensor:
    return torch.stack([vlm.preprocess(film, Image("x.png")) for film in films()])


def unit(vectors: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(vectors, dim=1).numpy()


def test_embeddings_are_those_of_transformers(folder: Path) -> None:
    vlm = loaded(folder)
    model = transformers.AutoModel.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    processor = transformers.AutoImageProcessor.from_pretrained(folder, backend="pil")
    pixels = processor(images=[PILImage.fromarray(film).convert("RGB") for film in films()], return_tensors="pt")
    published = {"padding": True} if folder.name == "clip" else {"padding": "max_length", "max_length": 64}
    tokens = tokenizer(list(TEXTS), truncation=True, return_tensors="pt", **published)
    with torch.inference_mode():
        images = unit(model.get_image_features(**pixels).pooler_output)
        texts = unit(model.get_text_features(**tokens).pooler_output)
    torch.testing.assert_close(batch(vlm), pixels["pixel_values"], rtol=0, atol=0)
    ours = vlm.encode_images(batch(vlm))
    assert ours.dtype == torch.float32
    np.testing.assert_allclose(ours.numpy(), images, rtol=0, atol=1e-6)
    np.testing.assert_allclose(vlm.encode_texts(TEXTS), texts, rtol=0, atol=1e-6)
    np.testing.assert_allclose(vlm.encode_texts(TEXTS[1:2]), texts[1:2], rtol=0, atol=1e-6)
    assert images.shape[1] == texts.shape[1] == vlm.dimension
    assert vlm.name == folder.name
    for vectors in (images, texts):  # the models tell the films and texts apart, so that agreeing means something
        assert (vectors @ vectors.T - 2 * np.eye(len(vectors))).max() < 0.999


def test_clips_pixels_and_tokens_are_openais(clip: Path) -> None:
    published = Compose(
        [
            Resize(64, interpolation=InterpolationMode.BICUBIC),
            CenterCrop(64),
            lambda film: film.convert("RGB"),
            ToTensor(),
            Normalize((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
        ]
    )
    vlm = loaded(clip)
    expected = torch.stack([published(PILImage.fromarray(film)) for film in films()])
    torch.testing.assert_close(batch(vlm), expected, rtol=0, atol=1e-5)
    own = open_clip.get_tokenizer("ViT-B-32")(TEXTS[1])[0]
    assert vlm._tokens([TEXTS[1]])["input_ids"][0].tolist() == own[own != 0].tolist()


def test_capitals_make_no_difference(folder: Path) -> None:
    vlm = loaded(folder)
    lower, upper = vlm.encode_texts([TEXTS[1], TEXTS[1].upper()])
    np.testing.assert_allclose(lower, upper, rtol=0, atol=1e-6)


def test_a_text_stands_alone(folder: Path) -> None:
    vlm = loaded(folder)
    texts = [f"{TEXTS[index % 4]} {index}" for index in range(40)]
    alone = np.concatenate([vlm.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(vlm.encode_texts(texts), alone, rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(alone, axis=1), 1, atol=1e-6)


@pytest.mark.slow
def test_identity_follows_weights_preprocessing_and_vocabulary(clip: Path, tmp_path: Path) -> None:
    same = loaded(clip).identity
    assert loaded(shutil.copytree(clip, tmp_path / "same")).identity == same
    pixels, words = (shutil.copytree(clip, tmp_path / name) for name in ("pixels", "words"))
    settings = json.loads((pixels / "preprocessor_config.json").read_text())
    (pixels / "preprocessor_config.json").write_text(json.dumps(settings | {"image_mean": [0.5] * 3}))
    (words / "merges.txt").write_text("#version: 0.2\n")
    weights = write_clip(tmp_path / "weights", seed=1)
    assert len({same, *(loaded(changed).identity for changed in (pixels, words, weights))}) == 4


def test_half_precision_weights_are_computed_in_single(clip: Path, tmp_path: Path) -> None:
    half = shutil.copytree(clip, tmp_path / "half")
    weights = torch.load(half / "pytorch_model.bin", weights_only=True)
    (half / "pytorch_model.bin").unlink()
    save_file({name: value.half() for name, value in weights.items()}, half / "model.safetensors")
    vlm = loaded(half)
    assert vlm.encode_images(batch(vlm)).dtype == torch.float32
    np.testing.assert_allclose(vlm.encode_texts(TEXTS), loaded(clip).encode_texts(TEXTS), atol=2e-2)


def test_weights_that_do_not_fit_are_listed(clip: Path, tmp_path: Path) -> None:
    bad = shutil.copytree(clip, tmp_path / "bad")
    weights = torch.load(bad / "pytorch_model.bin", weights_only=True)
    del weights["logit_scale"]
    weights |= {"visual_projection.weight": torch.zeros(3, 3), "extra": torch.zeros(1)}
    torch.save(weights, bad / "pytorch_model.bin")
    with pytest.raises(MammiError) as raised:
        loaded(bad)
    assert str(raised.value) == (
        f"{bad / 'pytorch_model.bin'} does not fit the model. missing: logit_scale; unexpected: extra; "
        "of another shape: visual_projection.weight [3, 3] for [24, 48]."
    )


@pytest.mark.parametrize(
    ("removed", "told"),
    [
        ("config.json", "vlm.directory: cannot read {folder}/config.json: No such file or directory."),
        (
            "pytorch_model.bin",
            "vlm.directory: {folder} has no weights: neither model.safetensors nor pytorch_model.bin.",
        ),
        ("vocab.json", "vlm.directory: {folder} has no tokenizer: none of tokenizer.json, vocab.txt, "),
        ("preprocessor_config.json", "vlm.directory: cannot read {folder}/preprocessor_config.json: No such"),
    ],
)
def test_a_missing_file_is_named(clip: Path, tmp_path: Path, removed: str, told: str) -> None:
    folder = shutil.copytree(clip, tmp_path / "clip")
    (folder / removed).unlink()
    with pytest.raises(MammiError) as raised:
        loaded(folder)
    assert str(raised.value).startswith(told.format(folder=folder))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("config.json", '{"model_type": "bert"}', "is of the model_type 'bert', not clip or siglip."),
        ("config.json", "[]", "holds a list, not an object."),
        ("config.json", '{"model_type": "clip", "text_config": 3}', "holds no configuration that can be read"),
        ("tokenizer.json", '{"model": 3}', "holds no tokenizer that can be read"),
        ("preprocessor_config.json", "hello", "preprocessor_config.json is not valid JSON"),
        ("preprocessor_config.json", '{"size": "large"}', "holds no image processor that can be read"),
        ("vocab.json", '{"a": 0}', "holds no tokenizer that can be read"),
    ],
)
def test_a_file_of_something_else_is_named(clip: Path, tmp_path: Path, name: str, content: str, told: str) -> None:
    folder = shutil.copytree(clip, tmp_path / "clip")
    (folder / name).write_text(content)
    with pytest.raises(MammiError) as raised:
        loaded(folder)
    assert told in str(raised.value)


def test_code_in_the_folder_is_not_run(clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shutil.copytree(clip, tmp_path / "clip")
    monkeypatch.chdir(tmp_path)
    (folder / "hostile.py").write_text("from pathlib import Path\nPath('ran').touch()\n")
    for name, key in {
        "config.json": "AutoConfig",
        "preprocessor_config.json": "AutoImageProcessor",
        "tokenizer_config.json": "AutoTokenizer",
    }.items():
        content = json.loads((folder / name).read_text())
        reference = ["hostile.Own", None] if key == "AutoTokenizer" else "hostile.Own"
        (folder / name).write_text(json.dumps(content | {"auto_map": {key: reference}}))
    np.testing.assert_array_equal(loaded(folder).encode_texts(TEXTS), loaded(clip).encode_texts(TEXTS))
    assert not Path("ran").exists()


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vlm\.directory: no folder at .*none\."):
        loaded(tmp_path / "none")


def test_siglips_vocabulary_needs_a_package(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without(*arguments: object, **options: object) -> None:
        raise ImportError("SiglipTokenizer requires the SentencePiece library")

    monkeypatch.setattr(transformers.AutoTokenizer, "from_pretrained", without)
    with pytest.raises(MammiError, match=r"'sentencepiece', which is not installed: pip install 'mammi-explorer\[tra"):
        loaded(clip)
