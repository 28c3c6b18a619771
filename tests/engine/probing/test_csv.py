"""A CSV file of films: its rows are the probing set."""

from __future__ import annotations

from pathlib import Path

import pydantic
import pytest

from engine.errors import ConfigError
from engine.probing.cells import VOCABULARY
from engine.probing.csv import Options, load
from engine.probing.film_set import FilmSet
from tests.shared import shared_path
from tests.support.films import by_path, paths, write_films, write_table


@pytest.fixture
def films(tmp_path: Path) -> Path:
    write_films(tmp_path / "films", ["b.png", "a/2.PNG", "a/10.jpeg", "c.jpg"])
    return tmp_path / "films"


def listed(folder: Path, *lines: str, **options: object) -> FilmSet:
    table = write_table(folder / "films.csv", *lines)
    return load(Options.model_validate({"csv": table.name, **options}), folder)


def test_labels_patient_view_and_report_come_from_their_columns(films: Path) -> None:
    header = "\ufeffpath,labels,patient,view,age,report"
    probing = listed(
        films, header, "b.png,Mass| Effusion|Mass|,7,PA,50,Clear.", "a\\2.PNG,,8,,,", "./c.jpg,Hernia,,AP,,"
    )
    assert paths(probing) == ["a/2.PNG", "b.png", "c.jpg"]
    images = by_path(probing)
    assert images["b.png"].labels == ("Mass", "Effusion")
    assert (images["b.png"].patient, images["b.png"].view, images["b.png"].report) == ("7", "PA", "Clear.")
    assert images["a/2.PNG"].labels == ()
    assert (images["c.jpg"].labels, images["c.jpg"].patient, images["c.jpg"].report) == (("Hernia",), None, None)
    assert probing.read(images["b.png"]) == (films / "b.png").read_bytes()


def test_a_table_is_read_in_its_encoding(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = films / "films.csv"
    text = "path,labels,report\nb.png,Köhler,The patient’s heart.\n"
    for encoding, named in (("cp1252", "cp1252"), ("mac-roman", "mac-roman"), ("utf-16", None), ("cp1252", None)):
        path.write_bytes(text.encode(encoding))
        assert caplog.messages == []
        [image] = load(Options.model_validate({"csv": path.name, "encoding": named}), films).images
        assert (image.labels, image.report) == (("Köhler",), "The patient’s heart.")
    assert caplog.messages == [
        f"{path}: not UTF-8, so read as Windows-1252. If it is another encoding, name it with probing.encoding."
    ]
    with pytest.raises(ConfigError, match=r"films\.csv is not text in utf-8: name its encoding with probing\.encoding"):
        load(Options.model_validate({"csv": path.name, "encoding": "utf-8"}), films)


def test_columns_separators_and_folder_can_be_named(films: Path) -> None:
    table = write_table(films.parent / "tables" / "all.csv", "file;finding", "b.png;A,B")
    options = {"csv": table, "folder": "films", "path_column": "file", "labels_column": "finding"}
    probing = load(Options.model_validate({**options, "separator": ",", "delimiter": ";"}), films.parent)
    assert probing.images[0].labels == ("A", "B")


@pytest.mark.parametrize(
    ("uncertain", "kept"),
    [
        ("zeros", {"a/2.PNG": (), "b.png": ("Mass",), "c.jpg": ("Effusion",)}),
        ("ones", {"a/2.PNG": ("Effusion",), "b.png": ("Mass",), "c.jpg": ("Effusion",)}),
        ("ignore", {"b.png": ("Mass",), "c.jpg": ("Effusion",)}),
    ],
)
def test_one_column_for_each_label(
    films: Path, uncertain: str, kept: dict[str, tuple[str, ...]], caplog: pytest.LogCaptureFixture
) -> None:
    lines = ("path,Mass,Effusion,labels", "b.png,1.0,0,x", "c.jpg,,1,x", "a/2.PNG,0.0,-1.0,x")
    probing = listed(films, *lines, label_columns=["Mass", "Effusion"], uncertain=uncertain)
    assert {image.path: image.labels for image in probing.images} == kept
    assert len(caplog.messages) == (uncertain == "ignore")


def test_only_films_of_the_chosen_views_are_kept(films: Path) -> None:
    lines = ("path,view", "b.png,PA", "c.jpg,AP", "a/2.PNG,")
    assert paths(listed(films, *lines, views=["PA"])) == ["b.png"]
    assert paths(listed(films, *lines, views=["PA", "AP"])) == ["b.png", "c.jpg"]
    with pytest.raises(ConfigError, match=r"^probing.views: no film has the view lateral; views: AP, PA\.$"):
        listed(films, *lines, views=["lateral"])


def test_a_table_whose_labels_no_key_names_is_told(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ("Image,finding,age,patient", "b.png,Mass,50,7")
    assert by_path(listed(films, *rows, path_column="Image"))["b.png"].labels == ()
    assert caplog.messages == [
        f"{films}/films.csv: no labels, as it has no column 'labels'; if another has them, name it in "
        "probing.labels_column or label_columns: 2 (finding, age)."
    ]
    caplog.clear()
    listed(films, *rows, path_column="Image", labels_column="finding")
    listed(films, "path,patient,view", "b.png,7,PA")
    assert caplog.messages == []


def test_views_are_the_same_in_upper_and_lower_case(films: Path) -> None:
    lines = ("path,view", "b.png,PA", "c.jpg,pa", "a/2.PNG,Lateral")
    assert paths(listed(films, *lines, views=["Pa"])) == ["b.png", "c.jpg"]


def test_rows_without_a_film_and_rows_that_lead_out_are_counted(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(films.parent, ["secret.png"])
    (films / "link.png").symlink_to(films.parent / "secret.png")
    lines = ("b.png", "z.png", "../secret.png", str(films.parent / "secret.png"), "link.png", f"{films}/c.jpg")
    assert paths(listed(films, "path", *lines)) == ["b.png", "c.jpg"]
    csv = films / "films.csv"
    assert caplog.messages == [
        f"{csv}: left out films that lead out of {films}: 3 (../secret.png, {films.parent}/secret.png, link.png).",
        f"{csv}: left out films that are not in {films}: 1 (z.png).",
    ]


def test_films_under_names_that_differ_and_names_that_may_mean_two_are_told(
    films: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_films(films, ["D.png", "d.PNG"])
    assert paths(listed(films, "path", "B.PNG", "A/2.png", "d.png")) == ["a/2.PNG", "b.png"]
    [message] = caplog.messages
    assert message.endswith(
        f"left out films whose name may mean several files in {films}: 1 (d.png may be D.png or d.PNG)."
    )
    with pytest.raises(ConfigError, match=r"holds none of the films of .*: d.png may be D.png or d.PNG\."):
        listed(films, "path", "d.png")
    with pytest.raises(ConfigError, match=r"names 'b.png' twice"):
        listed(films, "path", "B.png", "b.PNG")


def test_a_sample_looks_for_no_more_films_than_it_needs(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = ["path", *(f"none/{number}.png" for number in range(20)), "b.png", "c.jpg", "a/2.PNG"]
    drawn = paths(listed(films, *lines, sample=2))
    assert len(drawn) == 2
    assert drawn == paths(listed(films, *lines[:1], *reversed(lines[1:]), sample=2))
    assert caplog.messages


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        (["x,y"], {}, "films.csv has no column 'path' (probing.path_column); its columns: x, y."),
        (
            ["path,findings"],
            {"labels_column": "finding"},
            "films.csv has no column 'finding' (probing.labels_column); did you mean 'findings'?",
        ),
        (
            ["path,Mas"],
            {"label_columns": ["Mass"]},
            "films.csv has no column 'Mass' (probing.label_columns); did you mean 'Mas'?",
        ),
        (
            ["path", "b.png", "b"],
            {},
            "films.csv names 'b.png' twice, as 'b.png' and 'b': give it one name in all rows.",
        ),
        (
            ["path,Mass", "b.png,often"],
            {"label_columns": ["Mass"]},
            "films.csv: line 2 has 'often' in column 'Mass', which says neither yes nor no; "
            f"name your own words in [probing.words].\nWords: {VOCABULARY}.",
        ),
        (
            ["path,labels", "b.png,\"['Mass', 'it\""],
            {},
            "films.csv: line 2 has \"['Mass', 'it\" in column 'labels', which begins like a list but is none.",
        ),
        (
            ["path", "x/b.png"],
            {},
            "probing.folder: . holds none of the films of films.csv: the first, 'x/b.png', is not there.",
        ),
        (
            ["path", "x" * 100_000],
            {},
            f"probing.folder: . holds none of the films of films.csv: the first, '{'x' * 119}…', is not there.",
        ),
        (["path"], {}, "probing.folder: . holds none of the films of films.csv: it names none."),
    ],
)
def test_a_wrong_csv_is_reported_with_its_place(
    films: Path, lines: list[str], options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        listed(films, *lines, **options)
    assert str(raised.value).replace(f"{films}/", "").replace(str(films), ".") == message


def test_labels_are_given_in_one_way_only(films: Path) -> None:
    with pytest.raises(pydantic.ValidationError, match="two ways to give the same labels"):
        listed(films, "path", label_columns=["Mass"], labels_column="labels")


def test_several_rows_of_a_film_are_joined_and_contradictions_told(
    films: Path, caplog: pytest.LogCaptureFixture
) -> None:
    probing = listed(
        films,
        "path,Mass,Effusion,Hernia,patient,view",
        "b.png,1,0,,7,",
        "./b.png,0,yes,-1,8,PA",
        "c.jpg,-1,,0,9,AP",
        "c.jpg,0,,0,9,AP",
        label_columns=["Mass", "Effusion", "Hernia"],
        uncertain="ones",
    )
    images = by_path(probing)
    assert (images["b.png"].labels, images["b.png"].patient, images["b.png"].view) == (
        ("Mass", "Effusion", "Hernia"),
        "7",
        "PA",
    )
    assert images["c.jpg"].labels == ("Mass",)
    csv = films / "films.csv"
    assert caplog.messages == [
        f"{csv}: films whose rows differ in their patient, so that the first counts: 1 (b.png).",
        f"{csv}: films whose rows contradict each other, so that the finding counts: 1 (b.png: Mass).",
    ]


def test_a_finding_counts_more_than_no_finding_in_another_row(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ("b.png,No_Finding", "b.png,Mass", "b.png,normal", "c.jpg,normal", "a/2.PNG,No Finding|Support Devices")
    images = by_path(listed(films, "path,labels", *rows))
    assert images["b.png"].labels == ("Mass",)
    assert images["c.jpg"].labels == ("normal",)
    assert images["a/2.PNG"].labels == ("No Finding", "Support Devices")
    assert ["contradict" in message for message in caplog.messages] == [True]


def test_an_uncertain_label_leaves_a_film_out_unless_another_row_is_sure(
    films: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = ("b.png,-1", "b.png,1", "c.jpg,-1", "c.jpg,0", "a/2.PNG,0")
    images = by_path(listed(films, "path,Mass", *rows, label_columns=["Mass"], uncertain="ignore"))
    assert {path: image.labels for path, image in images.items()} == {"b.png": ("Mass",), "a/2.PNG": ()}
    assert caplog.messages == [f"{films / 'films.csv'}: left out films with an uncertain label: 1 (c.jpg)."]


def test_films_go_by_their_names_without_suffix_and_by_folders_in_a_column(films: Path) -> None:
    write_films(films, ["sub/x.1.png", "sub/deep/y.png"])
    assert paths(listed(films, "path", "b", "a/10", "x.1", "Y")) == [
        "a/10.jpeg",
        "b.png",
        "sub/deep/y.png",
        "sub/x.1.png",
    ]
    rows = ("path,dir,labels", "2.PNG,a,Mass", "b.png,,", f"c,{films},Hernia", "y,sub/deep,")
    images = by_path(listed(films, *rows, folder_column="dir"))
    assert {path: image.labels for path, image in images.items()} == {
        "a/2.PNG": ("Mass",),
        "b.png": (),
        "c.jpg": ("Hernia",),
        "sub/deep/y.png": (),
    }


def test_a_name_of_two_films_is_told(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_films(films, ["a/x.png", "d/x.png"])
    assert paths(listed(films, "path", "x", "d/x.png")) == ["d/x.png"]
    [message] = caplog.messages
    assert message.endswith("1 (x may be a/x.png or d/x.png).")


def test_own_words_for_truths(films: Path) -> None:
    words = {"ja": "present", "Nein": "absent", "?": "uncertain", "k. A.": ""}
    rows = ("path,Mass,Hernia", "b.png,Ja,NEIN", "c.jpg,?,k. A.", "a/2.PNG,yes,")
    options = {"label_columns": ["Mass", "Hernia"], "words": words, "uncertain": "ones"}
    images = by_path(listed(films, *rows, **options))
    assert {path: image.labels for path, image in images.items()} == {
        "b.png": ("Mass",),
        "c.jpg": ("Mass",),
        "a/2.PNG": ("Mass",),
    }


@pytest.mark.parametrize(
    ("rows", "warning"),
    [
        (
            ["b.png,'Mass, old'", "c.jpg,Mass"],
            "labels with ','; if each is several labels, name what separates them in probing.separator: 1 (Mass, old).",
        ),
        (
            ["b.png,1", "c.jpg,0", "c.jpg,"],
            "the labels in column 'labels' are '1', '0'; if they say whether a film has the label 'labels', "
            "name the column in probing.label_columns.",
        ),
        (["b.png,Mass", ",Mass", " ,"], "left out rows that name no film: 2 (line 3, line 4)."),
    ],
)
def test_labels_that_are_likely_read_wrongly_are_told(
    films: Path, rows: list[str], warning: str, caplog: pytest.LogCaptureFixture
) -> None:
    listed(films, "path,labels", *(row.replace("'", '"') for row in rows))
    assert caplog.messages == [f"{films / 'films.csv'}: {warning}"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("b.png,1,2,,4", "line 2 has '1, 2, nothing, 4' for a box, which must be four numbers."),
        ("b.png,1,2,inf,4", "line 2 has '1, 2, inf, 4' for a box, which must be four numbers."),
        ("b.png,1,2,0,4", "line 2 has a box without width or height."),
    ],
)
def test_a_box_that_is_none_is_reported_with_its_line(films: Path, row: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        listed(films, "path,x,y,w,h", row, box_columns=["x", "y", "w", "h"])
    assert str(raised.value) == f"{films / 'films.csv'}: {message}"


def test_boxes_without_a_label_and_cells_without_a_box(films: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = ("b.png,nan,NA,,None,Mass", "b.png,1,2,3,4,", "c.jpg,0,0,1,1,No finding")
    images = by_path(listed(films, "path,x,y,w,h,labels", *rows, box_columns=["x", "y", "w", "h"]))
    assert [(image.labels, image.boxes) for image in images.values()] == [(("Mass",), ()), (("No finding",), ())]
    assert caplog.messages == [f"{films / 'films.csv'}: left out boxes in rows without a label: 2 (b.png, c.jpg)."]


@pytest.mark.parametrize("cell", ["1 2 3", "1 x", "-1 2", "5 0", "1048576 1", "1 " + "9" * 5000])
def test_a_mask_that_is_none_is_reported_with_its_line(films: Path, cell: str) -> None:
    with pytest.raises(ConfigError, match=r"line 2 has '.*' in column 'mask', which is no mask as run lengths"):
        listed(films, "path,mask", f"b.png,{cell}", mask_column="mask", mask_label="Mass")


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"box_columns": list("abcd"), "corner_columns": list("abcd")}, "two ways to give the same boxes"),
        ({"mask_column": "m"}, "belong together"),
        ({"size_columns": ["w", "h"], "drawn_side": 8}, "size_columns is for boxes alone"),
        ({"words": {"ja": "yes"}}, "words.ja"),
        ({"words": {"ja": "present"}}, "words are those of label_columns"),
        ({"words": {"ja": "present", "Ja": "absent"}, "label_columns": ["a"]}, "two meanings"),
        ({"drawn_side": 8}, "need box_columns, corner_columns or mask_column"),
        ({"box_columns": list("abc")}, "box_columns"),
    ],
)
def test_keys_that_do_not_go_together(films: Path, options: dict[str, object], fault: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=fault):
        listed(films, "path", "b.png", **options)


def test_the_real_films_with_their_csv(caplog: pytest.LogCaptureFixture) -> None:
    csv = shared_path("data", "xray", "labels.csv")
    probing = load(Options(csv=csv, labels_column="finding"), Path())
    assert len(probing.images) == 48
    assert {image.labels for image in probing.images} == {("Pneumonia",), ("No_findings",)}
    assert not caplog.messages
