"""open_clip's models from local files: the embeddings of open_clip's own, and plain words where a file is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image as PILImage
from safetensors.torch import save_file
from torchvision.transforms import Compose, InterpolationMode, Normalize, Resize

from engine.config.faults import Faults
from engine.config.leaves import Leaves
from engine.errors import ConfigError, MammiError
from engine.probing.base import Image
from engine.vlms.models.open_clip import OpenClipVLM
from engine.vlms.open_clip import Options, load
from tests.support.clip_files import (
    write_biomedclip,
    write_cxr_repair,
    write_open_clip,
    write_tiny_biomedclip,
    write_tiny_clip,
)

TEXTS = (
    "A chest x-ray image of a",
    "A chest x-ray image of a pneumonia",
    "A Chest X-Ray image of a heart &amp; lung, 3 cm!",
    "",
    "mass " * 400,
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in BiomedCLIP's layout."""
    return write_tiny_biomedclip(tmp_path_factory.mktemp("open_clip") / "tiny")


@pytest.fixture(scope="module")
def tiny_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose text tower is CLIP's own."""
    return write_tiny_clip(tmp_path_factory.mktemp("open_clip") / "clip")


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for files of hundreds of megabytes, which are not kept."""
    folder = tmp_path_factory.mktemp("large")
    yield folder
    shutil.rmtree(folder)


def films() -> list[np.ndarray]:
    coarse = np.random.default_rng(1).integers(0, 256, (3, 9, 7), dtype=np.uint8)
    sizes = ((300, 260), (200, 310), (128, 128))
    return [
        np.asarray(PILImage.fromarray(film).resize(size, PILImage.Resampling.BICUBIC))
        for film, size in zip(coarse, sizes, strict=True)
    ]


def loaded(folder: Path, **options: Any) -> OpenClipVLM:
    return load(Options.model_validate(options), folder, torch.device("cpu"))


def batch(vlm: OpenClipVLM) -> torch.Tensor:
    return torch.stack([vlm.preprocess(film, Image("x.png")) for film in films()])


def unit(vectors: torch.Tensor) -> np.ndarray:
    return torch.nn.functional.normalize(vectors, dim=1).numpy()


def assert_as_open_clip(vlm: OpenClipVLM, model: Any, transform: Any, tokenizer: Any) -> None:
    """Both towers against open_clip's own functions."""
    pixels = torch.stack([transform(PILImage.fromarray(film)) for film in films()])
    torch.testing.assert_close(batch(vlm), pixels, rtol=0, atol=0)
    model.eval()
    with torch.inference_mode():
        images, texts = unit(model.encode_image(pixels)), unit(model.encode_text(tokenizer(list(TEXTS))))
    ours = vlm.encode_images(batch(vlm))
    assert ours.dtype == torch.float32
    np.testing.assert_allclose(ours.numpy(), images, rtol=0, atol=1e-6)
    np.testing.assert_allclose(vlm.encode_texts(TEXTS), texts, rtol=0, atol=1e-6)
    np.testing.assert_allclose(vlm.encode_texts(TEXTS[1:2]), texts[1:2], rtol=0, atol=1e-6)
    assert images.shape[1] == texts.shape[1] == vlm.dimension
    for vectors in (images, texts):  # the models tell the films and texts apart, so that agreeing means something
        others = vectors @ vectors.T - 2 * np.eye(len(vectors))
        assert others.max() < 0.999


def open_clips_own(folder: Path, copy: Path, tower: dict[str, Any]) -> tuple[Any, Any, Any]:
    """open_clip's model, transform and tokenizer from a copy whose configuration names a local text tower."""
    shutil.copytree(folder, copy, copy_function=lambda source, target: Path(target).hardlink_to(source))
    (copy / "open_clip_config.json").unlink()
    (copy / "config.json").unlink(missing_ok=True)
    (copy / "config.json").write_text(json.dumps(tower))
    config = json.loads((folder / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"] |= {"hf_model_name": str(copy)}
    (copy / "open_clip_config.json").write_text(json.dumps(config))
    model, transform = open_clip.create_model_from_pretrained(f"local-dir:{copy}", weights_only=True)
    return model, transform, open_clip.get_tokenizer(f"local-dir:{copy}")


@pytest.mark.slow
def test_biomedclip_at_full_size_is_open_clips(large: Path) -> None:
    folder = write_biomedclip(large / "BiomedCLIP")
    vlm = loaded(large, directory="BiomedCLIP")
    assert (vlm.name, vlm.dimension) == ("BiomedCLIP", 512)
    assert_as_open_clip(vlm, *open_clips_own(folder, large / "own", {"model_type": "bert"}))


@pytest.mark.slow
def test_cxr_repair_at_full_size_is_open_clips(large: Path) -> None:
    weights = write_cxr_repair(large / "clip-imp-pretrained_128_6_after_4.pt")
    vlm = loaded(large, model="ViT-B/32-quickgelu", weights=weights.name)
    assert (vlm.name, vlm.dimension) == ("ViT-B-32-quickgelu (clip-imp-pretrained_128_6_after_4.pt)", 512)
    own = open_clip.create_model_from_pretrained("ViT-B-32-quickgelu", str(weights), weights_only=True)
    assert_as_open_clip(vlm, *own, open_clip.get_tokenizer("ViT-B-32-quickgelu"))


@pytest.mark.slow
def test_small_models_of_both_layouts_are_open_clips(tiny: Path, tiny_clip: Path, tmp_path: Path) -> None:
    tower = json.loads((tiny / "config.json").read_text())
    assert_as_open_clip(loaded(tiny.parent, directory="tiny"), *open_clips_own(tiny, tmp_path / "own", tower))
    own = open_clip.create_model_from_pretrained(f"local-dir:{tiny_clip}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{tiny_clip}")
    assert_as_open_clip(loaded(tiny_clip, directory="."), *own, tokenizer)


def test_a_text_stands_alone(tiny: Path) -> None:
    vlm = loaded(tiny, directory=".")
    texts = [f"{TEXTS[index % 5]} {index}" for index in range(70)]
    together = vlm.encode_texts(texts)
    alone = np.concatenate([vlm.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)


def test_films_as_cxr_repair_had_them(tiny_clip: Path) -> None:
    vlm = loaded(tiny_clip, directory=".", preprocessing="cxr_repair")
    assert vlm.identity != loaded(tiny_clip, directory=".").identity
    film = films()[0]  # 300 pixels wide and 260 high: 320 and 277
    stored = np.zeros((320, 320), np.uint8)
    stored[21:298] = np.asarray(PILImage.fromarray(film).resize((320, 277), PILImage.Resampling.LANCZOS))
    published = Compose(
        [
            Normalize((101.48761,) * 3, (83.43944,) * 3),
            Resize(224, interpolation=InterpolationMode.BICUBIC, antialias=False),
        ]
    )
    expected = published(torch.from_numpy(stored.astype(np.float32)).expand(3, -1, -1))
    torch.testing.assert_close(vlm.preprocess(film, Image("x.png")), expected, rtol=0, atol=1e-5)


@pytest.mark.slow
def test_identity_follows_weights_settings_and_tokenizer(tiny: Path, tmp_path: Path) -> None:
    def changed(name: str, change: dict[str, Any] | None) -> str:
        folder = shutil.copytree(tiny, tmp_path / name)
        if change is not None:
            config = json.loads((folder / "open_clip_config.json").read_text())
            (folder / "open_clip_config.json").write_text(json.dumps({**config, "preprocess_cfg": change}))
        return loaded(folder, directory=".").identity

    same = loaded(tiny, directory=".").identity
    assert changed("same", None) == same
    words = (tiny / "vocab.txt").read_text()
    other = shutil.copytree(tiny, tmp_path / "words")
    (other / "vocab.txt").write_text(words.replace("mass", "mess"))
    weights = shutil.copytree(tiny, tmp_path / "weights")
    write_tiny_biomedclip(weights, seed=1)
    identities = {same, changed("mean", {"mean": [0.5] * 3}), loaded(other, directory=".").identity}
    assert len(identities | {loaded(weights, directory=".").identity}) == 4


def test_weights_and_tokenizer_may_lie_elsewhere(tiny: Path, tmp_path: Path) -> None:
    for name in ("open_clip_config.json", "open_clip_pytorch_model.bin"):
        shutil.copy(tiny / name, tmp_path / name)
    with pytest.raises(ConfigError, match=r"the text tower tiny/bert needs its config\.json"):
        loaded(tmp_path, directory=".")
    expected = loaded(tiny, directory=".").encode_texts(TEXTS)
    vlm = loaded(tmp_path, directory=".", tokenizer=str(tiny))
    np.testing.assert_array_equal(vlm.encode_texts(TEXTS), expected)
    weights = torch.load(tmp_path / "open_clip_pytorch_model.bin", weights_only=True)
    (tmp_path / "open_clip_pytorch_model.bin").unlink()
    save_file({f"module.{name}": value for name, value in weights.items()}, tmp_path / "mine.safetensors")
    safe = loaded(tmp_path, directory=".", tokenizer=str(tiny), weights="mine.safetensors")
    np.testing.assert_array_equal(safe.encode_texts(TEXTS), expected)


def test_weights_that_do_not_fit_are_listed(tiny: Path, tiny_clip: Path) -> None:
    with pytest.raises(MammiError) as raised:
        loaded(tiny, directory=".", weights=str(tiny_clip / "open_clip_pytorch_model.bin"))
    assert "does not fit the model. missing: text.proj.0.weight" in str(raised.value)
    assert "unexpected: ln_final.bias" in str(raised.value)


@pytest.mark.filterwarnings("ignore:.*torch.jit:FutureWarning")
def test_torchscript_is_not_loaded(tiny_clip: Path, tmp_path: Path) -> None:
    archive = tmp_path / "ViT-B-32.pt"
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(archive))
    with pytest.raises(MammiError, match=r"ViT-B-32\.pt is a TorchScript archive: it holds code, and is not loaded"):
        loaded(tiny_clip, directory=".", weights=str(archive))


def test_openais_weights_need_openais_activations(tiny_clip: Path, tmp_path: Path) -> None:
    weights = torch.load(tiny_clip / "open_clip_pytorch_model.bin", weights_only=True)
    sizes = {name: torch.tensor(7) for name in ("input_resolution", "context_length", "vocab_size")}
    torch.save(weights | sizes, tmp_path / "openai.pt")
    plain = loaded(tiny_clip, directory=".")
    openai = loaded(tiny_clip, directory=".", weights=str(tmp_path / "openai.pt"))
    np.testing.assert_array_equal(openai.encode_texts(TEXTS), plain.encode_texts(TEXTS))
    config = json.loads((tiny_clip / "open_clip_config.json").read_text())
    config["model_cfg"]["quick_gelu"] = False
    folder = write_open_clip(tmp_path / "gelu", config, None, seed=0)
    with pytest.raises(ConfigError, match="is OpenAI's: its model must have quick_gelu, as in ViT-B-32-quickgelu"):
        loaded(folder, directory=".", weights=str(tmp_path / "openai.pt"))
    with pytest.raises(ConfigError, match=r'preprocessing = "cxr_repair" goes with the model ViT-B-32-quickgelu\.'):
        loaded(folder, directory=".", preprocessing="cxr_repair")


def test_a_tokenizer_is_needed_and_must_be_the_models(tiny: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny, tmp_path / "model")
    (folder / "vocab.txt").write_text((tiny / "vocab.txt").read_text() + "one\nmore\n")
    with pytest.raises(MammiError, match="has 202 tokens, the model 200: it is another model's"):
        loaded(folder, directory=".")
    (folder / "vocab.txt").unlink()
    with pytest.raises(ConfigError, match=r"^vlm\.tokenizer: .*model has no tokenizer: none of tokenizer\.json, vocab"):
        loaded(folder, directory=".")
    (folder / "tokenizer.json").write_text('{"model": 3}')
    with pytest.raises(MammiError, match=r"^vlm\.tokenizer: .*model holds no tokenizer that can be read"):
        loaded(folder, directory=".")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"vision_cfg": {"timm_model_name": "hf-hub:some/one"}}, "timm has no image tower 'hf-hub:some/one'"),
        ({"text_cfg": {"hf_model_name": "some/one"}}, "the text tower some/one needs its config.json"),
        (
            {"text_cfg": {"tokenizer_kwargs": {"trust_remote_code": True}}},
            "unsupported tokenizer_kwargs: trust_remote_code",
        ),
        ({"vision_cfg": 3}, "holds no open_clip model that can be read"),
        ({"what": 3}, "holds no open_clip model that can be read (CLIP.__init__() got an unexpected keyword"),
        ({"multimodal_cfg": {}}, "holds no open_clip model that can be read"),
    ],
)
def test_a_configuration_reaches_for_nothing_else(
    tiny_clip: Path, tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    config = json.loads((tiny_clip / "open_clip_config.json").read_text())
    model = config["model_cfg"]
    for key, value in change.items():
        model[key] = {**model[key], **value} if isinstance(value, dict) and key in model else value
    folder = shutil.copytree(tiny_clip, tmp_path / "model")
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with pytest.raises(MammiError) as raised:
        loaded(folder, directory=".")
    assert told in str(raised.value)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({}, "name either directory, or model and weights"),
        ({"directory": ".", "model": "ViT-B-32"}, "name either directory, or model and weights"),
        ({"model": "ViT-B-32"}, "weights is missing: the file with the weights of model"),
    ],
)
def test_options_name_one_model(options: dict[str, str], told: str) -> None:
    faults = Faults(Path("run.toml"), ["vlm"], [])
    assert Leaves(faults).leaf("vlm", {"kind": "open_clip", **options}) is None
    with pytest.raises(ConfigError) as raised:
        faults.raise_first()
    assert str(raised.value) == f"run.toml: vlm = {json.dumps(options)} is not right: {told}."


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"directory": "none"}, "vlm.directory: no folder at {folder}/none."),
        ({"directory": "."}, "vlm.directory: cannot read {folder}/open_clip_config.json: No such file or directory."),
        (
            {"model": "ViT-B-23", "weights": "x.pt"},
            "vlm.model: open_clip has no architecture 'ViT-B-23'. Close ones: ViT-B-32",
        ),
        ({"model": "hf-hub:a/b", "weights": "x.pt"}, "vlm.model: open_clip has no architecture 'hf-hub:a-b'."),
        ({"directory": "empty"}, "vlm.directory: {folder}/empty has no weights: none of open_clip_model.safetensors"),
        ({"directory": "other"}, "vlm.directory: {folder}/other/open_clip_config.json has no model_cfg"),
        ({"directory": "text"}, "vlm.directory: {folder}/text/open_clip_config.json is not valid JSON"),
    ],
)
def test_options_that_name_no_model(tmp_path: Path, options: dict[str, str], told: str) -> None:
    for name, content in {"empty": '{"model_cfg": {}}', "other": "{}", "text": "hello"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "open_clip_config.json").write_text(content)
    with pytest.raises(MammiError) as raised:
        loaded(tmp_path, **options)
    assert str(raised.value).startswith(told.format(folder=tmp_path))
