"""What film searches find."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.decisions.film_index import FilmIndex
from engine.decisions.outputs import Outcomes
from engine.store.reader import RunReader
from mammi_tui.film_search.search import FilmSearcher
from tests.support.attributes import tell
from tests.support.decisions import decided_run


@pytest.fixture(scope="module")
def searcher(tmp_path_factory: pytest.TempPathFactory) -> FilmSearcher:
    path = decided_run(tmp_path_factory.mktemp("run"), classes=("Mass", "Effusion", "Pneumothorax", "Pneumonia"))
    reader = RunReader(path)
    return FilmSearcher(FilmIndex(reader, Outcomes.of(reader)))


def found(searcher: FilmSearcher, query: str) -> set[int]:
    return {int(image) for image in searcher.find(query).images}


def where(flags: np.ndarray) -> set[int]:
    return {int(image) for image in np.flatnonzero(flags)}


Expected = Callable[[Outcomes, FilmIndex], np.ndarray]
SEARCHES: dict[str, Expected] = {
    "missed": lambda o, _: (o.labelled & ~o.predicted)[:, o.known].any(axis=1),
    "false positives effusion": lambda o, _: o.of_kind("false positive", 1),
    "missed pneumot": lambda o, _: o.of_kind("missed", 2),
    "false negative mass": lambda o, _: o.of_kind("missed", 0),
    'missed "mass"': lambda o, _: o.of_kind("missed", 0),
    "missed mass|missed effusion": lambda o, _: o.of_kind("missed", 0) | o.of_kind("missed", 1),
    "!wrong": lambda o, _: ~(o.labelled != o.predicted)[:, o.known].any(axis=1),
    "sure and wrong effusion": lambda o, _: (o.labelled != o.predicted)[:, 1] & (o.sureness(1) >= 0.8),
    "is:missed": lambda o, _: (o.labelled & ~o.predicted)[:, o.known].any(axis=1),
    "output:effusion>0.8": lambda o, _: o.probabilities[:, 1] > np.float32(0.8),
    "effusion>80%": lambda o, _: o.probabilities[:, 1] > np.float32(0.8),
    "output:<0.01": lambda o, _: (o.probabilities < np.float32(0.01)).any(axis=1),
    "output:>0.9": lambda o, _: (o.probabilities > np.float32(0.9)).any(axis=1),
    "predicted:mass !label:mass": lambda o, _: o.predicted[:, 0] & ~o.labelled[:, 0],
    "mass view:pa": lambda o, i: o.labelled[:, 0] & i.in_view("pa"),
    "label:none": lambda _, i: i.unlabelled(),
    "patient:00003": lambda _, i: i.of_patient("00003"),
    "report:FILM": lambda o, _: np.ones(o.films, bool),
    "name:0000001": lambda _, i: i.named("0000001"),
}


@pytest.mark.parametrize("query", SEARCHES)
def test_a_search_finds_what_it_says(searcher: FilmSearcher, query: str) -> None:
    outcomes = searcher.index.outcomes
    assert outcomes is not None
    assert not searcher.find(query).problem
    assert found(searcher, query) == where(SEARCHES[query](outcomes, searcher.index))


def test_what_is_wrong_or_incomplete_is_said(searcher: FilmSearcher) -> None:
    problems = {
        "efusion": "no film has efusion; nearest: effusion",
        "output:efusion>0.5": "no class efusion; nearest: effusion",
        "output:pneumo>0.5": "output:pneumo>0.5 waits for more",
        "output:mass": "output:mass waits for more",
        "missed|": "| waits for another word",
        "ouput:x>3": "no field ouput; nearest: output",
        "is:mised": "no state mised; nearest: missed",
        "output:mass>x": "output is compared with a number: output:effusion>0.8",
    }
    assert {query: searcher.find(query).problem for query in problems} == problems


def test_that_nothing_can_be_wrong_is_said(tmp_path: Path) -> None:
    with RunReader(decided_run(tmp_path, classes=("Edema", "Gout"))) as reader:
        searcher = FilmSearcher(FilmIndex(reader, Outcomes.of(reader)))
        problems = {
            "wrong": "no class is a label of the probing set: nothing is right or wrong",
            "missed edema": "Edema is no label of the probing set: nothing is right or wrong",
            "predicted:edema": "",
        }
        assert {query: searcher.find(query).problem for query in problems} == problems


def test_the_films_that_are_wrong_come_surest_first(searcher: FilmSearcher) -> None:
    outcomes = searcher.index.outcomes
    assert outcomes is not None
    wrong = (outcomes.labelled != outcomes.predicted) & outcomes.known
    sure = np.where(wrong, np.stack([outcomes.sureness_of(image) for image in range(outcomes.films)]), -1).max(axis=1)
    found = searcher.find("wrong")
    assert found.order == "sure"
    assert np.all(np.diff(sure[found.images].astype(np.float32)) <= 0)


def test_a_search_goes_on_with_states_fields_and_their_values(searcher: FilmSearcher) -> None:
    assert searcher.completions("mis") == ["missed"]
    assert searcher.completions("missed label:ef") == ["missed label:effusion"]
    assert searcher.completions("!view:") == ["!view:ap", "!view:pa"]
    assert searcher.completions("") == ()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> FilmSearcher:
    """A search of 60 films: images 0 to 29 are of women of 30 to 59 years; 0 has two devices, 1 none."""
    path = decided_run(tmp_path_factory.mktemp("told"))
    rows = [(image, "sex", "female" if image < 30 else "male") for image in range(58)]
    rows += [(image, "age", str(30 + image)) for image in range(30)]
    rows += [(0, "device", "chest tube"), (0, "device", "line"), (1, "device", "none"), (2, "device", "line")]
    tell(path, [*rows, (3, "Odd \x1b[31m name", "a b"), (4, "label", "Mass")])
    reader = RunReader(path)
    return FilmSearcher(FilmIndex(reader, Outcomes.of(reader)))


@pytest.mark.parametrize(
    ("query", "images"),
    [
        ("sex:female", range(30)),
        ("sex:Male", range(30, 58)),
        ("sex:ma", range(58)),
        ("sex:*", range(58)),
        ("!sex:*", (58, 59)),
        ("age>57", (28, 29)),
        ("age≤31", (0, 1)),
        ("age:40-42", (10, 11, 12)),
        ("age:58-", (28, 29)),
        ("age:-30", (0,)),
        ("age:44", (14,)),
        ("age:*", range(30)),
        ('device:"chest tube" sex:female age<31', (0,)),
        ("device:line", (0, 2)),
        ("device:none", (1,)),
        ("odd-31m-name:a", (3,)),
    ],
)
def test_films_are_found_by_their_attributes(told: FilmSearcher, query: str, images: Sequence[int]) -> None:
    assert not told.find(query).problem
    assert found(told, query) == set(images)


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("sex:m4le", "no film has sex:m4le; nearest: male"),
        ("age:old", "age is a number or a range: age:60-70"),
        ("age>old", "age is compared with a number: age>60"),
        ("age>", "age> waits for a value"),
        ("age:60-70-80", "age is a number or a range: age:60-70"),
        ("ages>60", "no field ages; nearest: age"),
    ],
)
def test_a_wrong_value_of_an_attribute_is_told(told: FilmSearcher, query: str, problem: str) -> None:
    assert told.find(query).problem == problem


def test_values_of_attributes_complete_a_search(told: FilmSearcher) -> None:
    assert "device:" in told.completions("dev")
    assert list(told.completions("device:c")) == ['device:"chest tube"']
    assert "label:mass" in told.completions("label:m")  # a field of every run keeps its meaning
