"""Labels and classes of the same findings by different names: what a run tells, and how they are made the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.annotation.cuts import Cuts
from engine.config.settings import load_config
from engine.errors import ConfigError
from engine.methods.own_films import OwnFilms
from engine.methods.panel import Panel
from engine.names import nearest_label
from engine.probing.base import Box, Image, Polygon
from engine.probing.rename import Renamed
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.films import write_films, write_table
from tests.support.method_context import FilmsInMemory
from tests.support.models import tiny_project
from tests.support.tiny_runs import compute

SET = ("probing.kind=csv", "probing.csv=labels.csv")
TCAV = ("methods.tcav.fewest=2", "methods.tcav.vectors=2", "methods.tcav.class_images=2", "methods.tcav.examples=2")
CUTS = Cuts(0.9, 0.9)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A run of the classes effusion, mass and hernia over films that are labelled otherwise."""
    project = tiny_project(tmp_path)
    labels = ("Pleural Effusion|MASS", "Rib", "Mass|Pericardial_Effusion", "")
    rows = [f"{index:03}.png,{labels[index % 4]}" for index in range(14)]
    (tmp_path / "labels.csv").write_text("\n".join(["path,labels", *rows]))
    return project


def renaming(project: Path, *lines: str) -> Path:
    head = "[probing.rename]"
    text = project.read_text()
    project.write_text("\n".join([text, *[head] * (head not in text), *lines, ""]))
    return project


def test_classes_without_a_label_are_told_with_the_nearest_in_the_run_and_in_its_file(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    compute(project, *SET)
    told = (
        "target: 2 of 3 classes are none of the probing set's labels: effusion (nearest: Pleural Effusion), hernia. "
        '[probing.rename] maps labels to classes: "Pleural Effusion" = "effusion".'
    )
    assert caplog.messages == [told]
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert [note.text for note in reader.notes] == [told]


def test_nothing_is_told_where_the_films_have_no_labels(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    compute(project)
    assert not caplog.messages


def test_renamed_labels_are_those_of_the_run(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    compute(project, *SET)
    caplog.clear()
    renaming(
        project, '"pleural effusion" = "effusion"', '"Pericardial Effusion" = "effusion"', 'Rib = ""', 'Ribs = "x"'
    )
    compute(project, *SET)
    assert caplog.messages == [
        "probing.rename: labels that no film has: 1 (Ribs; nearest: Rib).",
        "target: 1 of 3 classes are none of the probing set's labels: hernia.",
    ]
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert [image.labels for image in reader.images(range(4))] == [
            ("effusion", "MASS"),
            (),
            ("Mass", "effusion"),
            (),
        ]
        assert reader.info.config["probing"]["rename"]["Rib"] == ""


def test_a_method_says_why_a_class_has_no_scores(project: Path) -> None:
    compute(project, *SET, *TCAV)
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        panel = Panel(reader, Requery(reader))
        final = next(layer.name for layer in reader.layers if layer.unit_names)
        inner = next(layer.name for layer in reader.layers if not layer.unit_names)
        notes = [panel.answer("tcav", final, unit, CUTS).note for unit in range(3)]
        assert notes[0] == "No image has the label effusion; the nearest label is Pleural Effusion."
        assert notes[1] in ("", "No concept is above its cut.")
        assert notes[2] == "No image has the label hernia."
        assert panel.answer("tcav", inner, 0, CUTS).note == (
            "Only classes are tested, and the units of this layer are none."
        )


def test_a_class_with_too_few_images_is_told(project: Path) -> None:
    table = project.with_name("labels.csv")
    table.write_text(table.read_text().replace("003.png,", "003.png,hernia"))
    heard = compute(project, *SET, *TCAV)
    assert "tcav: left out classes with fewer than 2 images (methods.tcav.fewest): 1 (hernia: 1)" in heard.notes
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        final = next(layer.name for layer in reader.layers if layer.unit_names)
        note = Panel(reader, Requery(reader)).answer("tcav", final, 2, CUTS).note
    assert note == "Only 1 image has the label hernia: fewer than methods.tcav.fewest, 2."


def test_a_run_whose_classes_have_no_images_at_all_ends_before_it_computes(project: Path) -> None:
    table = project.with_name("labels.csv")
    table.write_text(table.read_text().replace("MASS", "x").replace("Mass", "x"))
    with pytest.raises(ConfigError, match=r"no class has any: map labels to classes in \[probing.rename\]"):
        compute(project, *SET, *TCAV)
    assert not project.with_name("tiny.duckdb").exists()


def test_a_new_name_must_be_a_text(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"probing.rename.Rib = 3 is not text in quotes\.$"):
        load_config(renaming(project, "Rib = 3"), SET)


def test_boxes_and_outlines_are_renamed_with_their_labels() -> None:
    corners = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    image = Image(
        "a.png",
        labels=("Infiltrate", "Mass", "Clip"),
        boxes=(Box("Infiltrate", 1, 2, 3, 4), Box("Infiltration", 1, 2, 3, 4), Box("Clip", 1, 1, 1, 1)),
        polygons=(Polygon("mass", corners), Polygon("Clip", corners)),
    )
    films = FilmsInMemory([], [])
    films.images = [image]
    [renamed] = Renamed(films, {"Infiltrate": "Infiltration", "MASS": "Nodule", "Clip": ""}).images
    assert renamed.labels == ("Infiltration", "Nodule")
    assert renamed.boxes == (Box("Infiltration", 1, 2, 3, 4),)
    assert renamed.polygons == (Polygon("Nodule", corners),)


def test_a_label_has_one_new_name_without_blanks_around_it() -> None:
    films = FilmsInMemory([], [])
    films.images = [Image("a.png", labels=("pleural_effusion",))]
    renamed = Renamed(films, {"Pleural Effusion": " Effusion "})
    assert renamed.images[0].labels == ("Effusion",)
    with pytest.raises(ConfigError, match="'pleural_effusion' has two new names, 'Effusion' and 'Fluid'"):
        Renamed(films, {"Pleural Effusion": "Effusion", "pleural_effusion": "Fluid"})


def test_the_label_set_of_a_method_has_other_names_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(tmp_path / "films", ["a.png"])
    write_table(tmp_path / "rsna.csv", "patientId,x,y,w,h,Target", "a,1,2,3,4,1")
    table = {"kind": "csv", "csv": "rsna.csv", "folder": "films", "path_column": "patientId"}
    columns = {"label_columns": ["Target"], "box_columns": ["x", "y", "w", "h"]}
    films = OwnFilms.model_validate({**table, **columns, "rename": {"Target": "Pneumonia", "Mass": "x"}})
    [image] = films.load("methods.tsi.label_set", tmp_path).images
    assert (image.labels, image.boxes) == (("Pneumonia",), (Box("Pneumonia", 1, 2, 3, 4),))
    assert caplog.messages == ["methods.tsi.label_set.rename: labels that no film has: 1 (Mass)."]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("Effusion", "Pleural Effusion"),
        ("Mass", "Nodule or mass"),
        ("Pleural Thickening", None),
        ("Pneumothorx", "Pneumothorax"),
        ("Effusions", "Pleural Effusion"),
        ("Pneumonia", None),
        ("Airspace", "Airspace Opacity"),
        ("Hernia", None),
        ("", None),
    ],
)
def test_the_nearest_label(name: str, label: str | None) -> None:
    labels = ["Pneumothorax", "Pleural Effusion", "Nodule or mass", "Airspace Opacity", "Pleural Other"]
    assert nearest_label(name, labels) == label
    assert nearest_label(name, []) is None
