"""With `run.parity = "published"` every VLM is given what the paper's code gave it, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
import transformers
from numpy.typing import NDArray
from PIL import Image as Picture
from torch import Tensor
from torchvision import transforms
from torchvision.datasets import ImageFolder
from torchvision.models import squeezenet1_1
from torchvision.utils import save_image

from engine.config.settings import load_config
from engine.errors import ConfigError, MammiError
from engine.probing.base import Image
from engine.progress import Silent
from engine.run import parity
from engine.run.pipeline import run
from engine.store.reader import RunReader
from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from engine.vlms import demo, medclip, medklip
from engine.vlms import open_clip as open_clip_kind
from engine.vlms import transformers as transformers_kind
from engine.vlms.base import VLM
from engine.vlms.models import cxr_repair
from engine.vlms.models.medclip import film_pixels
from engine.weights.embedded.inputs import NetworkInput, network_input
from tests.support import models
from tests.support.clip_files import write_tiny_clip
from tests.support.medclip_files import TINY, write_medclip
from tests.support.medklip_files import write_clinical_bert, write_medklip
from tests.support.models import tiny_project, tiny_vlm
from tests.support.reuse import Project, counted
from tests.support.transformers_files import write_clip

CPU = torch.device("cpu")
IMAGE = Image("film.png")
SIZES = ((300, 260), (90, 400), (1, 1), (257, 256), (1024, 1024))

Published = Callable[[Picture.Image], Tensor]
"""How the published code of a VLM prepares a picture that it has opened"""


def film(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth noise with hard edges, where JPEG shows."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9), dtype=np.uint8)
    smooth = np.asarray(Picture.fromarray(coarse).resize((width, height), Picture.Resampling.BICUBIC)).copy()
    smooth[height // 3 : height // 2, width // 4 :] = 255
    return smooth


def saved_by_published_code(folder: Path, shown: NDArray[np.uint8], size: int = 256, crop: int = 224) -> Picture.Image:
    """The picture that example_selection.py saves and concept_matching.py opens, by the functions that they call."""
    augment = transforms.Compose([transforms.Resize(size), transforms.CenterCrop(crop), transforms.ToTensor()])
    (folder / "0000").mkdir(parents=True)
    save_image(augment(Picture.fromarray(shown).convert("RGB")), folder / "0000" / "0000_00.jpg")
    picture, _ = ImageFolder(folder)[0]
    return picture


def target(preprocess: Any) -> TargetModel:
    return TargetModel(torch.nn.Identity(), preprocess, (), "identity", "a model")


def grey(prepare: Callable[[NDArray[np.uint8]], Tensor]) -> Published:
    return lambda picture: prepare(np.asarray(picture.convert("L")))


def of_medclip(folder: Path) -> tuple[VLM, Published]:
    checkpoint = write_medclip(folder, size=TINY)
    options = medclip.Options(weights=checkpoint.folder, tokenizer=checkpoint.tokenizer)
    return medclip.load(options, Path(), CPU), grey(film_pixels)


def of_medklip(folder: Path) -> tuple[VLM, Published]:
    write_medklip(folder / "checkpoint_final.pth", 64)
    write_clinical_bert(folder / "bert", 64, 3, 400)
    options = medklip.Options(weights=Path("checkpoint_final.pth"), text_encoder=Path("bert"))
    normalise = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    published = transforms.Compose([transforms.Resize([224, 224]), transforms.ToTensor(), normalise])
    return medklip.load(options, folder, CPU), published


def of_open_clip(folder: Path) -> tuple[VLM, Published]:
    write_tiny_clip(folder / "clip")
    _, published = open_clip.create_model_from_pretrained(f"local-dir:{folder / 'clip'}")
    return open_clip_kind.load(open_clip_kind.Options(directory=Path("clip")), folder, CPU), published


def of_cxr_repair(folder: Path) -> tuple[VLM, Published]:
    write_tiny_clip(folder / "clip")
    options = open_clip_kind.Options(directory=Path("clip"), preprocessing="cxr_repair")
    return open_clip_kind.load(options, folder, CPU), grey(cxr_repair.prepare)


def of_transformers(folder: Path) -> tuple[VLM, Published]:
    write_clip(folder / "clip")
    processor = transformers.AutoImageProcessor.from_pretrained(folder / "clip", backend="pil")
    options = transformers_kind.Options(directory=Path("clip"))
    return (
        transformers_kind.load(options, folder, CPU),
        lambda picture: processor(images=picture, return_tensors="pt")["pixel_values"][0],
    )


def of_demo(folder: Path) -> tuple[VLM, Published]:
    return demo.load(demo.Options(), folder, CPU), grey(network_input)


def of_factory(folder: Path) -> tuple[VLM, Published]:
    vlm = tiny_vlm(CPU)
    return vlm, grey(lambda pixels: vlm.preprocess(pixels, IMAGE))


KINDS = (of_medclip, of_medklip, of_open_clip, of_cxr_repair, of_transformers, of_demo, of_factory)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__.removeprefix("of_"))
def test_every_vlm_is_given_what_the_published_code_saved(
    kind: Callable[[Path], tuple[VLM, Published]], tmp_path: Path
) -> None:
    vlm, published = kind(tmp_path)
    for place, (height, width) in enumerate(SIZES):
        shown = film(height, width, seed=place)
        saved = saved_by_published_code(tmp_path / f"images_{place}", shown)
        given = parity.published_film(target(Preprocessing()), shown)
        torch.testing.assert_close(vlm.preprocess(given, IMAGE), published(saved), rtol=0, atol=0)


@pytest.mark.parametrize(("size", "crop"), [(256, 224), (300, 224), (224, 224), (237, 201)])
def test_the_view_is_the_targets_own_resize_and_crop(size: int, crop: int, tmp_path: Path) -> None:
    shown = film(311, 290)
    saved = saved_by_published_code(tmp_path, shown, size, crop)
    given = parity.published_film(target(Preprocessing(size=size, crop=crop, channels=1, mean=(0.1,))), shown)
    assert given.dtype == np.uint8
    np.testing.assert_array_equal(given, np.asarray(saved.convert("L")))
    assert np.abs(np.asarray(saved).astype(int) - given[..., None]).max() == 0


def test_the_demos_view_is_the_shrunken_film() -> None:
    shown = np.kron(np.arange(256, dtype=np.uint8).reshape(16, 16), np.ones((16, 16), np.uint8))
    np.testing.assert_array_equal(NetworkInput().view(shown), shown[::2, ::2])


@pytest.mark.slow
def test_torchxrayvisions_view_is_the_square_at_the_centre() -> None:
    from engine.targets.models.torchxrayvision import LibraryPreprocessing

    shown = film(300, 400)
    np.testing.assert_array_equal(LibraryPreprocessing(300).view(shown), shown[:, 50:350])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path, films=5)


def embeddings(path: Path) -> NDArray[np.float32]:
    with RunReader(path) as reader:
        return reader.arrays.image_embeddings()


def computed(project: Path, *overrides: str) -> NDArray[np.float32]:
    return embeddings(run(load_config(project, overrides), Silent()))


PUBLISHED = "run.parity=published"


def test_a_run_embeds_the_published_views(project: Path) -> None:
    films = computed(project)
    views = computed(project, PUBLISHED)
    vlm, preprocessing = tiny_vlm(CPU), Preprocessing(size=32, crop=32, channels=1)
    for path, film_vector, view_vector in zip(sorted((project.parent / "films").iterdir()), films, views, strict=True):
        pixels = np.asarray(Picture.open(path))
        for given, found in (
            (pixels, film_vector),
            (parity.published_film(target(preprocessing), pixels), view_vector),
        ):
            np.testing.assert_allclose(vlm.encode_images(vlm.preprocess(given, IMAGE)[None])[0], found, atol=1e-6)
    assert np.abs(films - views).max() > 1e-3


def test_views_are_kept_apart_from_films_and_follow_the_targets_preprocessing(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.compute()
    assert counted(lambda: project.compute(PUBLISHED)).vlm == 40
    work = counted(lambda: project.compute(PUBLISHED, "run.alpha=0.5", "target.pooling=max"))
    assert (work.vlm, work.target) == (0, 40)
    other = "target.preprocessing={size = 40, crop = 32, channels = 1}"
    assert counted(lambda: project.compute(PUBLISHED, other)).vlm == 40
    assert counted(lambda: project.compute(other)).vlm == 40  # the views replaced the films in the run file
    assert counted(lambda: project.compute("target.preprocessing={size = 50, crop = 32, channels = 1}")).vlm == 0


def test_embeddings_follow_the_view_and_not_the_weights(tmp_path: Path) -> None:
    """Where a kind's options tell the preprocessing; a user's own function may bring another."""
    project = Project(tmp_path)
    for seed in range(2):
        torch.manual_seed(seed)
        torch.save(squeezenet1_1(num_classes=3).state_dict(), tmp_path / f"{seed}.pth")
    text = project.path.read_text()
    start, end = text.index("[target]"), text.index("[vlm]")
    table = '[target]\nkind = "torchvision"\nname = "squeezenet1_1"\nweights = "0.pth"\nlayers = ["features.0"]\n'
    project.path.write_text(text[:start] + table + "preprocessing = { size = 40, crop = 36 }\n\n" + text[end:])
    layers = 'target.layers=["features.0"]'
    project.compute(PUBLISHED, layers)
    for change, embedded in (
        ("target.weights=1.pth", 0),
        ("target.preprocessing.mean=0.4", 0),
        ("target.preprocessing.crop=32", 40),
        ("target.preprocessing.interpolation=bicubic", 40),
    ):
        assert counted(lambda change=change: project.compute(PUBLISHED, layers, change)).vlm == embedded


class WithoutView:
    """A preprocessing that cannot show its view."""

    def __call__(self, shown: NDArray[np.uint8]) -> Tensor:
        return torch.zeros(1, 32, 32)


def without_view() -> TargetModel:
    return TargetModel(models.tiny_target(), WithoutView(), ("effusion", "mass", "hernia"), "mine", "my model")


class WrongView(WithoutView):
    def view(self, shown: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.zeros((4, 4, 3), np.float32)


def test_a_target_model_that_cannot_show_its_view_is_told(project: Path) -> None:
    own = ("target.factory=tests.engine.run.test_parity:without_view", "target.classes=[]")
    with pytest.raises(ConfigError, match=r"run\.parity.*preprocessing of my model has no method `view`"):
        computed(project, PUBLISHED, *own)
    assert not (project.parent / "tiny.duckdb").exists()
    with pytest.raises(MammiError, match=r"the view of a model must be uint8 \[h, w\], not float32 \[4, 4, 3\]"):
        parity.published_film(target(WrongView()), film(9, 9))


def test_precomputed_embeddings_have_no_films_to_be_given(project: Path) -> None:
    table = ["vlm.kind=precomputed", "vlm.images=a.parquet", "vlm.texts=b.parquet"]
    text = project.read_text().replace('factory = "tests.support.models:tiny_vlm"\n', "")
    project.write_text(text)
    load_config(project, table)
    with pytest.raises(ConfigError, match=r'tiny\.toml: run\.parity = "published" cannot go with vlm\.kind = "precomp'):
        load_config(project, [*table, PUBLISHED])


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("vlm.parity=published", r'vlm\.parity = "published" is a key of another table: write it as run\.parity'),
        ("vlm.parity=none", r'vlm\.parity = "none" is a key of another table: write it as run\.parity'),
        ("run.parity=jpeg", r"run\.parity = \"jpeg\" is not one of 'none' or 'published'"),
        ("run.parity=true", r"run\.parity = true is not one of"),
        ("target.parity=published", r"target\.parity .*Did you mean run\.parity\?"),
    ],
)
def test_parity_is_a_key_of_the_run(project: Path, override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(project, [override])
