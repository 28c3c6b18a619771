"""ChestX-Det: boxes and outlines in pixels of the film's file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.errors import ConfigError
from engine.probing.base import Box, Polygon
from engine.probing.chestx_det import Options, load
from engine.probing.film_set import FilmSet
from tests.shared import shared_path
from tests.support.films import by_path, paths, write_films

ENTRY = {
    "file_name": "36302.png",
    "syms": ["Effusion", "Mass", "Effusion"],
    "boxes": [[512, 256, 768, 1024], [0, 0, 10, 20], [1, 2, 3, 4]],
    "polygons": [[[512, 256], [768, 256], [768, 1024]], [[0, 0], [10, 20]], []],
}
NORMAL = {"file_name": "36199.png", "syms": [], "boxes": [], "polygons": []}


def loaded(folder: Path, entries: object, **options: object) -> FilmSet:
    (folder / "det.json").write_text(entries if isinstance(entries, str) else json.dumps(entries))
    return load(Options.model_validate({"folder": folder, "annotations": "det.json", **options}), folder)


def test_findings_boxes_and_outlines(tmp_path: Path) -> None:
    write_films(tmp_path, ["test_data/36199.png", "test_data/36302.png", "test_data/other.png"], side=1024)
    probing = loaded(tmp_path, [ENTRY, NORMAL])
    assert paths(probing) == ["test_data/36199.png", "test_data/36302.png"]
    normal, image = probing.images
    assert (normal.labels, normal.boxes, normal.polygons) == ((), (), ())
    assert image.labels == ("Effusion", "Mass")
    assert image.boxes == (
        Box("Effusion", 512, 256, 256, 768),
        Box("Mass", 0, 0, 10, 20),
        Box("Effusion", 1, 2, 2, 2),
    )
    assert image.polygons == (Polygon("Effusion", ((512, 256), (768, 256), (768, 1024))),)


def test_a_smaller_copy_has_smaller_boxes_and_outlines(tmp_path: Path) -> None:
    write_films(tmp_path, ["36302.png"], side=512)
    (image,) = loaded(tmp_path, [ENTRY]).images
    assert image.boxes[0] == Box("Effusion", 256, 128, 128, 384)
    assert image.polygons == (Polygon("Effusion", ((256, 128), (384, 128), (384, 512))),)


def test_annotations_are_read_in_any_encoding(tmp_path: Path) -> None:
    write_films(tmp_path, ["36302.png"], side=64)
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "det.json").write_text(json.dumps([ENTRY]), encoding=encoding)
        options = Options.model_validate({"folder": tmp_path, "annotations": "det.json"})
        assert load(options, tmp_path).images[0].labels == ("Effusion", "Mass")


def test_chestx_det10_has_no_outlines(tmp_path: Path) -> None:
    write_films(tmp_path, ["images_001/images/00000042_006.png"], side=1024)
    entry = {"file_name": "00000042_006.png", "syms": ["Fibrosis"], "boxes": [[632, 721, 909, 969]]}
    (image,) = loaded(tmp_path, [entry]).images
    assert image.boxes == (Box("Fibrosis", 632, 721, 277, 248),)
    assert image.polygons == ()


def test_two_copies_of_one_film_are_refused(tmp_path: Path) -> None:
    write_films(tmp_path, ["a/36302.png", "b/36302.png"])
    with pytest.raises(ConfigError, match=r"holds a/36302.png and b/36302.png; name the one folder to use"):
        loaded(tmp_path, [ENTRY])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ("{", "probing.annotations: det.json is not valid JSON: "),
        ("[" * 100_000, "probing.annotations: det.json is nested more than 64 deep"),
        ({}, "probing.annotations: det.json does not follow ChestX-Det's layout: it is no list."),
        ([{}], "probing.annotations: det.json: 0.file_name does not follow ChestX-Det's layout: Field required."),
        (
            [NORMAL, ENTRY | {"boxes": [[1, 2, 3]]}],
            "det.json: 1.boxes.0.3 does not follow ChestX-Det's layout: Field required.",
        ),
        (
            '[{"file_name": "a", "syms": ["M"], "boxes": [[NaN, 0, 1, 1]]}]',
            "det.json is not valid JSON: NaN is no number",
        ),
        ([ENTRY | {"syms": ["Mass"]}], "det.json: '36302.png' must have a box and a polygon for each finding."),
        (
            [ENTRY | {"boxes": [[5, 0, 5, 9]] * 3}],
            "det.json: '36302.png' has a box without width or height",
        ),
        ([ENTRY, ENTRY], "det.json names '36302.png' twice."),
        (
            [ENTRY | {"file_name": "none.png"}],
            "holds none of the films of det.json: the first, 'none.png', is not there.",
        ),
        ([], "holds none of the films of det.json: it names none."),
    ],
)
def test_wrong_annotations_are_reported_in_one_line(tmp_path: Path, entries: object, message: str) -> None:
    write_films(tmp_path, ["36302.png"])
    with pytest.raises(ConfigError) as raised:
        loaded(tmp_path, entries)
    assert message in str(raised.value).replace(f"{tmp_path}/", "")


def test_missing_annotations_are_reported(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"^probing.annotations: .*det.json cannot be read: No such file or directory\.$"
    ):
        load(Options(folder=tmp_path, annotations=Path("det.json")), tmp_path)


def test_the_official_test_annotations(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    annotations = shared_path("data", "nih14", "ChestX_Det_test.json")
    write_films(tmp_path, [f"{entry['file_name']}" for entry in json.loads(annotations.read_text())])
    probing = load(Options(folder=tmp_path, annotations=annotations), tmp_path)
    assert len(probing.images) == 553
    assert sum(len(image.boxes) for image in probing.images) == 1734
    assert len({label for image in probing.images for label in image.labels}) == 13
    image = by_path(probing)["36302.png"]
    assert image.boxes[0] == Box("Effusion", 799 / 64, 666 / 64, 138 / 64, 95 / 64)
    for image in probing.images:
        assert all(box.x + box.width <= 16 and box.y + box.height <= 16 for box in image.boxes)
        assert all(0 <= x <= 16 and 0 <= y <= 16 for outline in image.polygons for x, y in outline.points)
    assert not caplog.messages
