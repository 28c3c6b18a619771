"""Attributes of films from tables of one's own, and from labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from engine.errors import ConfigError
from engine.probing import csv
from engine.probing.attribute_options import AttributeOptions
from engine.probing.attribute_tables import with_attributes
from engine.probing.base import Image

FILMS = (
    Image("a/1.png", "P1", labels=("Mass", "Support Devices")),
    Image("a/2.png", "P2", attributes={"sex": ("F",), "site": ("x",)}),
    Image("b/3.png", "P2", labels=("Tube",)),
)


class Films:
    """A probing set of three films."""

    images = FILMS

    def read(self, image: Image) -> bytes:
        assert any(image is own for own in FILMS)
        return image.path.encode()

    def content(self, image: Image) -> str:
        assert any(image is own for own in FILMS)
        return image.path


def told(folder: Path, table: str = "", **options: Any) -> dict[str, dict[str, tuple[str, ...]]]:
    if table:
        (folder / "more.csv").write_text(table)
        options = {"file": "more.csv", "image": "film", **options}
    if options.get("patient"):
        options.pop("image")
    found = with_attributes(Films(), AttributeOptions.model_validate(options), None, folder)
    for image in found.images:
        assert found.read(image) == image.path.encode()
        assert found.content(image) == image.path
    return {image.path: dict(image.attributes) for image in found.images}


def test_columns_become_attributes_of_the_films_that_rows_name(tmp_path: Path) -> None:
    table = "film,Machine,Sex,Age\n1.png,A 1|B,female,61.0\na/2,none,unknown,057Y\nelsewhere/9.png,C,M,20\n"
    found = told(tmp_path, table, columns={"machine": "Machine", "sex": "Sex", "age": "Age"})
    assert found == {
        "a/1.png": {"machine": ("A 1", "B"), "sex": ("F",), "age": ("61",)},
        "a/2.png": {"machine": ("none",), "sex": ("F",), "site": ("x",), "age": ("57",)},
        "b/3.png": {},
    }


def test_rows_of_patients_hold_for_all_their_films(tmp_path: Path) -> None:
    found = told(tmp_path, "subject,gender\nP2,M\n", patient="subject", columns={"sex": "gender"})
    assert [each.get("sex") for each in found.values()] == [None, ("M",), ("M",)]


def test_values_may_be_numbered_in_the_order_of_the_films(tmp_path: Path) -> None:
    table = "film,Hospital\n3,St Mary\n2,Charité\n1,St Mary\n"
    found = told(tmp_path, table, columns={"site": "Hospital"}, numbered=["site"])
    assert [each["site"] for each in found.values()] == [("site 1",), ("site 2",), ("site 1",)]


def test_numbers_are_written_alike(tmp_path: Path) -> None:
    found = told(tmp_path, 'film;dose\n1;"0,5"\n2;7.0\n3;nan\n', columns={"dose": "dose"})
    assert [each.get("dose") for each in found.values()] == [("0.5",), ("7",), None]


def test_values_with_a_low_line_are_no_numbers(tmp_path: Path) -> None:
    found = told(tmp_path, "film,scanner\n1,1_0\n2,1_2\n3,2_1\n", columns={"scanner": "scanner"})
    assert [each["scanner"] for each in found.values()] == [("1_0",), ("1_2",), ("2_1",)]


def test_a_value_is_the_same_in_upper_and_lower_case(tmp_path: Path) -> None:
    found = told(tmp_path, "film,site\n1,North Wing\n2,NORTH_WING\n3,south|north wing\n", columns={"site": "site"})
    assert [each["site"] for each in found.values()] == [("North Wing",), ("North Wing",), ("south", "North Wing")]


def test_what_keeps_a_column_from_being_numbers_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = told(tmp_path, "film,dose\n1,1.50\n2,2.0|3\n3,N/K\n", columns={"dose": "dose"})
    assert [each["dose"] for each in found.values()] == [("1.50",), ("2.0", "3"), ("N/K",)]
    path = tmp_path / "more.csv"
    assert caplog.messages == [f"{path}: values of 'dose' that are no numbers, so that dose is none: 1 (N/K)."]


def test_labels_become_an_attribute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found = told(tmp_path, labels={"device": ["support_devices", "tube"]})
    assert [each["device"] for each in found.values()] == [("Support Devices",), ("none",), ("Tube",)]
    assert not caplog.messages
    found = told(tmp_path, labels={"device": ["tubes"]})
    assert [each["device"] for each in found.values()] == [("none",)] * 3
    assert caplog.messages == ["probing.attributes.labels.device: labels that no film has: 1 (tubes; nearest: Tube)."]


def test_the_table_of_the_probing_set_is_the_one_by_default(tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("path;Machine\na.png;X\n./b.png;Y\n")
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    options = csv.Options(csv=Path("films.csv"))
    probing = csv.load(options, tmp_path)
    found = with_attributes(probing, AttributeOptions(columns={"machine": "Machine"}), options, tmp_path)
    assert [image.attributes["machine"] for image in found.images] == [("X",), ("Y",)]


@pytest.mark.parametrize(
    ("table", "options", "fault"),
    [
        (
            "film,Machine\n1,A\n",
            {"m": "machine"},
            "has no column 'machine' (probing.attributes.columns.m); did you mean",
        ),
        ("film\n1\n", {"m": "M"}, "has no column 'M'"),
        ("films,M\n1,A\n", {"m": "M"}, "has no column 'film' (probing.attributes.image); did you mean 'films'?"),
        ("\n", {"m": "M"}, "more.csv is empty."),
        ("film,M\n7,A\n", {"m": "M"}, "names none of the probing set's films: the first, '7', is none."),
        ("film,M\n1,\n", {"m": "M"}, "columns.m: no film has a value in column 'M'."),
        ("film,M\n1,\"['a'\"\n", {"m": "M"}, "line 2 has \"['a'\" in column 'M', which begins like a list but is none"),
        (
            "film,M\n1," + "|".join(f"x{number}" for number in range(101)) + "\n",
            {"m": "M"},
            "column 'M' has 101 values, such as 'x0' and 'x1'; an attribute has at most 100, unless they are numbers.",
        ),
        ("film,M\n1," + "|".join(map(str, range(100))) + "|N/K\n", {"m": "M"}, "has 101 values, such as 'N/K';"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(table: str, options: Any, fault: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        told(tmp_path, table, columns=options)
    assert fault in str(raised.value)


def test_what_is_odd_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = "film,M,age\n1,A\x1b[2J ,411\n1,B,many\n2,A,30\n"
    found = told(tmp_path, table, columns={"machine": "M", "age": "age"})
    assert found["a/1.png"] == {"machine": ("A[2J",)}
    path = tmp_path / "more.csv"
    assert caplog.messages == [
        f"probing.attributes: films that {path} does not name: 1 (b/3.png).",
        f"{path}: films whose rows differ in their machine, so that the first counts: 1 (a/1.png).",
        f"{path}: what is no age, and counts as unknown: 2 (411, many).",
    ]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"columns": {"Site": "x"}}, "'Site' is no name of an attribute"),
        ({"columns": {"view": "x"}}, "'view' means something else"),
        ({"columns": {"site": ""}}, "site names nothing"),
        ({"columns": {"site": "x"}, "labels": {"site": ["x"]}}, "in columns and in labels"),
        ({"columns": {"site": "x"}, "image": "a", "patient": "b"}, "two ways"),
        ({"columns": {"site": "x"}, "file": "a.csv"}, "file needs image or patient"),
        ({"image": "a"}, "image is about columns"),
        ({"columns": {"site": "x"}, "numbered": ["scanner"]}, "numbered names 'scanner'"),
    ],
)
def test_keys_that_do_not_fit_are_refused(options: Any, fault: str) -> None:
    with pytest.raises(ValidationError, match=fault):
        AttributeOptions.model_validate(options)


def test_a_table_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"probing\.attributes\.file is missing"):
        told(tmp_path, columns={"site": "x"})
