"""COVID-CXR in its published layout: films, masks that lie anywhere on them, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from engine.errors import ConfigError
from engine.methods.outlines import inside
from engine.probing.base import Polygon
from engine.probing.covid_cxr import Options, load
from engine.probing.film_set import FilmSet
from tests.support.films import write_films, write_table

SIDE = 64
HEADER = "#,Taxonomy,Class,Template Name,File Folder,Filename,Image,Tag,Mask,Resolution,Top,Left,Width,Height"


def write(folder: Path, *rows: tuple[str, str, str, object, object]) -> FilmSet:
    """A row is the film, the label, the mask, its left and its top."""
    if not (folder / "images").exists():
        write_films(folder / "images", ["a.png", "b.png"], side=SIDE)
    lines = [
        f'{number},,"COVID-19 {label}","{label}",,"{film}",images/0f.jpg,tags/0f.png,{mask},64x64,{top},{left},1,1'
        for number, (film, label, mask, left, top) in enumerate(rows, start=1)
    ]
    write_table(folder / "structure.csv", HEADER, *lines)
    return load(Options(folder=folder), Path())


def mask(folder: Path, name: str, pixels: np.ndarray) -> None:
    (folder / "masks").mkdir(exist_ok=True)
    Picture.fromarray(pixels.astype(np.uint8)).save(folder / "masks" / name)


def cells(polygon: Polygon) -> np.ndarray:
    return inside(np.array(polygon.points) / SIDE, SIDE)


def test_a_mask_is_placed_on_its_film_and_cut_at_the_edge(tmp_path: Path) -> None:
    """As the published loader does: every value but 0 belongs to the mask, and what lies beyond the film is left
    out."""
    pixels = np.random.default_rng(0).integers(0, 2, (20, 30)) * 7
    mask(tmp_path, "lung.png", pixels)
    found = write(
        tmp_path,
        ("a.png", "Left Lung", "masks/lung.png", 4, 50),
        ("a.png", "Airways", "masks/lung.png", -10, -5),
        ("a.png", "Tubings", "masks/lung.png", 70, 10),
        ("b.png", "Left Lung", "", "", ""),
    )
    first, second = found.images
    assert (first.path, first.labels) == ("images/a.png", ("Airways", "Left Lung", "Tubings"))
    assert (second.path, second.labels, second.polygons) == ("images/b.png", (), ())
    lung, airways = first.polygons
    assert (lung.label, airways.label) == ("Left Lung", "Airways")
    expected = np.zeros((SIDE, SIDE), bool)
    expected[50:64, 4:34] = pixels[:14] > 0
    np.testing.assert_array_equal(cells(lung), expected)
    expected = np.zeros((SIDE, SIDE), bool)
    expected[:15, :20] = pixels[5:, 10:] > 0
    np.testing.assert_array_equal(cells(airways), expected)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_masks_of_any_kind_of_pixels(tmp_path: Path, mode: str) -> None:
    pixels = np.zeros((8, 8), np.uint8)
    pixels[2:5, 3:6] = 255
    (tmp_path / "masks").mkdir()
    picture = Picture.fromarray(pixels)
    picture = Picture.fromarray(pixels.astype(np.uint16)) if mode == "I;16" else picture.convert(mode)
    picture.save(tmp_path / "masks" / "m.png")
    (lung,) = write(tmp_path, ("a.png", "Lung", "masks/m.png", 0, 0), ("b.png", "", "", "", "")).images[0].polygons
    np.testing.assert_array_equal(cells(lung)[:8, :8], pixels > 0)


def test_masks_that_cannot_be_used_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    mask(tmp_path, "lung.png", np.ones((4, 4)))
    (tmp_path / "masks" / "text.png").write_text("not a picture")
    mask(tmp_path.parent, "outside.png", np.ones((4, 4)))
    found = write(
        tmp_path,
        ("a.png", "Lung", "masks/lung.png", 0, 0),
        ("a.png", "Lung", "masks/gone.png", 0, 0),
        ("b.png", "Lung", "masks/text.png", 0, 0),
        ("b.png", "Lung", "../masks/outside.png", 0, 0),
        ("gone.png", "Lung", "masks/lung.png", 0, 0),
    )
    assert [len(image.polygons) for image in found.images] == [1, 0]
    masks, films = sorted(record.getMessage() for record in caplog.records)
    assert "left out films that are not in" in films or "left out films that are not in" in masks
    told = f"{masks} {films}"
    assert (
        "left out masks that are missing or cannot be read: 3 (../masks/outside.png, masks/gone.png, masks/te" in told
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("a.png", "Lung", "masks/m.png", "left", 3), "line 2 has 'left', '3' as Left, Top: not whole numbers."),
        (("a.png", "", "masks/m.png", 1, 3), "line 2 has a mask without Filename or Template Name."),
        (("", "Lung", "masks/m.png", 1, 3), "line 2 has a mask without Filename or Template Name."),
        (("c.png", "Lung", "masks/m.png", 1, 3), "holds none of the films of"),
    ],
)
def test_a_wrong_table_is_told_in_one_line(
    tmp_path: Path, row: tuple[str, str, str, object, object], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        write(tmp_path, row)
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_table_or_column_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"structure\.csv cannot be read"):
        load(Options(folder=tmp_path), Path())
    write_table(tmp_path / "structure.csv", "Filename,Template,Mask,Left,Top")
    with pytest.raises(ConfigError, match="has no column 'Template Name'; did you mean 'Template'"):
        load(Options(folder=tmp_path), Path())


def test_a_mask_of_noise_is_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(tmp_path / "images", ["a.png", "b.png"], side=1024)
    mask(tmp_path, "noise.png", np.random.default_rng(0).integers(0, 2, (1024, 1024)))
    found = write(tmp_path, ("a.png", "Left Lung", "masks/noise.png", 0, 0))
    assert [(image.labels, image.polygons) for image in found.images] == [(("Left Lung",), ())]
    assert "1 (masks/noise.png: its outline has more than 524,288 corners)" in caplog.text
