"""What stands below a film."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from mammi_tui.film_labels import LabelOrder
from mammi_tui.widgets.captions import Captions, ThumbnailItem, identifier, identifiers

EFFUSION = [
    ("Atelectasis", "Effusion"),
    ("Cardiomegaly", "Effusion", "Mass"),
    ("Effusion",),
    ("Atelectasis", "Cardiomegaly", "Effusion"),
]


def captions(*films: tuple[str, tuple[str, ...]]) -> Captions:
    return Captions([ThumbnailItem(place, path, 11.8149, labels) for place, (path, labels) in enumerate(films)])


def below(found: Captions, index: int, width: int) -> tuple[str, str]:
    first, second = found.below(index, width)
    return "".join(text for _, text in first), "".join(text for _, text in second)


def test_films_of_effusion_all_say_effusion_first() -> None:
    order = LabelOrder(EFFUSION, ())
    films = captions(*((f"films/phantom-{place:06}.png", order.sorted(film)) for place, film in enumerate(EFFUSION)))
    assert [below(films, place, 16)[0] for place in range(4)] == [
        *("#1 Effusion +1", "#2 Effusion +2", "#3 Effusion", "#4 Effusion +2"),
    ]


def test_the_shared_label_comes_first_then_what_the_annotation_names() -> None:
    films = [("A", "B", "Pleural_Thickening"), ("A", "C", "B"), ("A", "B")]
    order = LabelOrder(films, ["pleural thickening", "scar"])
    assert order.sorted(films[0]) == ("A", "Pleural_Thickening", "B")
    assert order.sorted(("unknown", "C")) == ("C", "unknown")


def test_of_two_labels_that_are_as_common_the_annotated_one_comes_first() -> None:
    films = [("Atelectasis", "Effusion"), ("Atelectasis", "Effusion")]
    assert LabelOrder(films, ["effusion"]).sorted(films[0]) == ("Effusion", "Atelectasis")
    assert LabelOrder(films, []).sorted(films[0]) == ("Atelectasis", "Effusion")


def test_as_many_labels_are_named_as_fit() -> None:
    films = captions(("a.png", ("Effusion", "Mass", "Nodule")))
    assert [below(films, 0, width)[0] for width in (27, 22, 16, 14, 12)] == [
        *("#1 Effusion, Mass, Nodule", "#1 Effusion, Mass +1", "#1 Effusion +2", "#1 Effusion +2", "Effusion +2"),
    ]


def test_labels_that_begin_alike_stay_different() -> None:
    films = captions(("a.png", ("Pneumonia", "Mass")), ("b.png", ("Pneumothorax", "Mass")))
    assert [below(films, place, 12)[0] for place in (0, 1)] == ["Pneumonia +1", "Pneumoth… +1"]


def test_the_identifier_comes_before_the_folder() -> None:
    films = captions(("images_001/images/00000013_005.png", ("Mass",)))
    assert below(films, 0, 20)[1] == "00000013_005   11.81"
    line = "".join(text for _, text in films.line(0, 60))
    assert line.split() == ["#1", "11.81", "Mass", "00000013_005", "images_001/images"]


def test_files_of_one_name_are_told_apart_by_their_folders() -> None:
    paths = [f"train/patient{number:05}/study1/view1_frontal.jpg" for number in (1, 2, 30)]
    assert identifiers(paths)[0] == "patient00001/study1/view1_frontal"
    films = captions(*((path, ()) for path in paths))
    assert len({below(films, place, 20)[1] for place in range(3)}) == 3


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b/00000013_005.png", "00000013_005"),
        ("scan.nii.gz", "scan"),
        ("1.2.840.113619.2.5", "1.2.840.113619.2.5"),
        ("folder/.png", ".png"),
        ("", ""),
    ],
)
def test_an_identifier_is_the_file_without_its_ending(path: str, name: str) -> None:
    assert identifier(path) == name


@pytest.mark.parametrize("width", [*range(1, 40)])
def test_nothing_is_wider_than_the_film(width: int) -> None:
    films = captions(("films/\x1b[31m00000013.png", ("Pleural_Thickening", "[b]x[/]")), ("films/2.png", ()))
    for place in (0, 1):
        first, second = films.below(place, width)
        assert sum(cell_len(text) for _, text in second) == width
        assert sum(cell_len(text) for _, text in first[1:]) <= width
        assert "\x1b" not in "".join(text for _, text in first + second)


def test_films_side_by_side_all_have_a_rank_or_none_has() -> None:
    films = captions(("a.png", ("Mass",)), ("b.png", ("Pneumothorax",)))
    assert [below(films, place, 12)[0] for place in (0, 1)] == ["Mass", "Pneumothorax"]
    assert [below(films, place, 15)[0] for place in (0, 1)] == ["#1 Mass", "#2 Pneumothorax"]
