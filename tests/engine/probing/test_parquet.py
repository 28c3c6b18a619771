"""Films that Parquet files list or hold, against a CSV file that lists the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError, UnreadableImage
from engine.limits import hold
from engine.probing import csv
from engine.probing.attribute_options import AttributeOptions
from engine.probing.attribute_tables import with_attributes
from engine.probing.film_set import FilmSet
from engine.probing.parquet.probing_set import Options, load
from tests.support.films import by_path, paths, write_films, write_table
from tests.support.tars import film

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed: it belongs to the extra remote")
pq = pytest.importorskip("pyarrow.parquet")

NAMES = ["a/1.png", "a/2.png", "b/3.png"]


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    yield
    hold()


def options(folder: Path, **named: Any) -> Options:
    return Options.model_validate_json(json.dumps({"parquet": str(folder / "list.parquet"), **named}))


def listed(folder: Path, **named: Any) -> FilmSet:
    return load(options(folder, **named), folder)


def write(path: Path, rows: dict[str, list[Any]], **how: Any) -> Path:
    pq.write_table(pa.table(rows), path, **how)
    return path


def test_a_list_says_what_a_csv_file_of_it_says(tmp_path: Path) -> None:
    write_films(tmp_path, NAMES)
    rows: dict[str, list[Any]] = {
        "path": NAMES,
        "labels": [["Mass", "Nodule"], [], None],
        "patient": [7, 7, 8],
        "view": ["PA", None, "AP"],
        "report": ["A mass.", "", None],
        "age": [61.0, None, 40.5],
        "boxes": [[1, 2], [3, 4], [5, 6]],
        "raw": [b"1", b"2", b"3"],
    }
    write(tmp_path / "list.parquet", rows)
    lines = ["path,labels,patient,view,report", "a/1.png,Mass|Nodule,7,PA,A mass.", "a/2.png,,7,,", "b/3.png,,8,AP,"]
    same = csv.load(csv.Options(csv=write_table(tmp_path / "list.csv", *lines)), tmp_path)
    probing = listed(tmp_path)
    assert list(probing.images) == list(same.images)
    assert probing.read(probing.images[0]) == (tmp_path / NAMES[0]).read_bytes()
    assert paths(listed(tmp_path, views=["AP"])) == ["b/3.png"]
    of_kind = options(tmp_path)
    told = with_attributes(probing, AttributeOptions(columns={"age": "age"}), of_kind, tmp_path)
    assert [image.attributes for image in told.images] == [{"age": ("61",)}, {}, {"age": ("40",)}]


def test_one_column_for_each_label_and_several_files(tmp_path: Path) -> None:
    write_films(tmp_path, NAMES)
    write(tmp_path / "list-0.parquet", {"file": NAMES[:2], "Mass": [True, False], "Edema": [0, 1]})
    write(tmp_path / "list-1.parquet", {"file": NAMES[2:], "Mass": [None], "Edema": [1]})
    named = {"parquet": str(tmp_path / "list-*.parquet"), "path_column": "file", "label_columns": ["Mass", "Edema"]}
    probing = listed(tmp_path, **named)
    assert {image.path: image.labels for image in probing.images} == {
        NAMES[0]: ("Mass",),
        NAMES[1]: ("Edema",),
        NAMES[2]: ("Edema",),
    }
    write(tmp_path / "list-1.parquet", {"file": NAMES[2:], "Mass": [1]})
    with pytest.raises(ConfigError, match=r"list-1.parquet has no column 'Edema', as other files of it have"):
        listed(tmp_path, **named)


@pytest.mark.parametrize("struct", [False, True])
def test_films_that_a_column_holds(tmp_path: Path, struct: bool) -> None:
    films = [film(seed) for seed in range(12)]
    held: list[Any] = [{"bytes": data, "path": "x.png"} for data in films] if struct else list(films)
    held[5] = None
    labels = [["Mass"] if seed % 2 else [] for seed in range(12)]
    write(tmp_path / "list.parquet", {"image": held, "labels": labels}, row_group_size=5)
    probing = listed(tmp_path, image_column="image")
    assert paths(probing) == [f"list.parquet/{row:02}" for row in range(12)]
    found = [probing.read(image) for image in probing.images]
    assert found == [b"" if row == 5 else data for row, data in enumerate(films)]
    assert [image.labels for image in probing.images] == [tuple(each) for each in labels]
    assert paths(listed(tmp_path, image_column="image", sample=3)) == sorted(
        paths(listed(tmp_path, image_column="image", sample=3))
    )
    assert by_path(probing)["list.parquet/03"].labels == ("Mass",)


def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(**named: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            listed(tmp_path, **named)
        return str(caught.value).replace(str(tmp_path), "")

    assert told() == "probing.parquet: /list.parquet cannot be read as Parquet: No such file or directory."
    assert told(parquet=str(tmp_path / "*.parquet")) == "probing.parquet:  has no *.parquet."
    (tmp_path / "list.parquet").write_bytes(b"PAR1" + bytes(20))
    assert told().startswith("probing.parquet: /list.parquet cannot be read as Parquet: ")
    write(tmp_path / "list.parquet", {"paths": ["1.png"], "image": [film(1)], "n": [1]})
    assert told() == "/list.parquet has no column 'path' (probing.path_column); did you mean 'paths'?"
    assert told(image_column="n") == "probing.image_column: 'n' of /list.parquet is int64, and holds no bytes of films."
    assert told(image_column="film").endswith("has no column 'film'; columns that may hold films: image.")
    texts = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")])
    pq.write_table(pa.table({"path": texts}), tmp_path / "latin.parquet")
    assert "latin.parquet cannot be read as Parquet: 'utf-8' codec" in told(parquet=str(tmp_path / "latin.parquet"))
    monkeypatch.setattr("engine.probing.parquet.files.MOST_GROUP", 100)
    assert "write it with row_group_size=100" in told(image_column="image")
    with pytest.raises(ValueError, match="path_column is about films in files of their own"):
        options(tmp_path, image_column="image", path_column="paths")


def test_a_file_that_is_damaged_later_sets_its_films_aside(tmp_path: Path) -> None:
    path = write(tmp_path / "list.parquet", {"image": [film(seed) for seed in range(4)]}, compression="snappy")
    probing = listed(tmp_path, image_column="image")
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    with path.open("r+b") as stream:  # the file that is open
        stream.write(data)
    with pytest.raises(UnreadableImage, match="cannot be read: "):
        probing.read(probing.images[0])


def packed(text: Any, rows: int) -> Any:
    """A column that says the same in each row, and takes almost no space in a file."""
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), [text])


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (packed("x" * (1 << 20), 2000), r"has more than 200 MB of text \(limits\.text_mb = 200"),
        (pa.ListArray.from_arrays([0] + [2000] * 2000, packed("x" * (1 << 20), 2000)), r"has more than 200 MB of text"),
        (pa.ListArray.from_arrays([0] + [900] * 2000, pa.nulls(900, pa.string())), None),
        (
            pa.ListArray.from_arrays([0] + [90_000] * 2000, pa.nulls(90_000, pa.string())),
            r"more than 80,000 items in 'la",
        ),
        (["y" * ((1 << 20) + 1)] + [""] * 1999, r"row 1 has a cell of over 1,048,576 characters"),
        (["y"] * 2000 * 6, r"has more than 10,000 rows \(limits\.rows = 10000"),
    ],
)
def test_files_that_say_far_more_than_they_hold_are_refused(tmp_path: Path, column: Any, told: str | None) -> None:
    hold(rows=10_000)
    write_films(tmp_path, ["a.png"])
    write(tmp_path / "list.parquet", {"path": packed("a.png", len(column)), "labels": column}, compression="zstd")
    assert (tmp_path / "list.parquet").stat().st_size < 10_000
    if told is None:
        assert paths(listed(tmp_path)) == ["a.png"]
        return
    with pytest.raises(ConfigError, match=told):
        listed(tmp_path)


def test_one_film_in_every_row_takes_the_memory_of_one(tmp_path: Path) -> None:
    """Without a dictionary the row group would take 40 GB, and Arrow refuses more than 2 GB."""
    film_of_all = film(1) + bytes(4 << 20)
    write(tmp_path / "list.parquet", {"film": packed(film_of_all, 10_000)}, compression="zstd", store_schema=False)
    probing = listed(tmp_path, image_column="film", sample=3)
    assert [probing.read(image) for image in probing.images] == [film_of_all] * 3
    hold(rows=9_999)
    with pytest.raises(ConfigError, match=r"limits\.rows = 9999"):
        listed(tmp_path, image_column="film")


def test_rows_that_take_too_long_are_an_error_of_one_line(tmp_path: Path) -> None:
    """The time is also that of what looks at each row, such as all films of a patient again."""
    hold(seconds_per_mb=1e-9)
    write_films(tmp_path, ["a.png"])
    write(tmp_path / "list.parquet", {"path": packed("a.png", 100)})
    with pytest.raises(ConfigError, match=r"list\.parquet takes too long to read \(limits\.seconds_per_mb = 1e-09\)"):
        listed(tmp_path)
