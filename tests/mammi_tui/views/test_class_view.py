"""The class view, driven by keys."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest

from engine.decisions.outputs import Outcomes
from engine.store.reader import RunReader
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.subjects import ClassSubject, FilmSearch
from mammi_tui.views.class_view import ClassBody
from tests.support.decisions import decided_run, say_missing
from tests.support.explorer import Explorer, explorer
from tests.support.runs import LABELS, small_run

Look = Callable[[Explorer], Awaitable[None]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return decided_run(tmp_path_factory.mktemp("run"), hidden=True)


def look(run: Path, folder: Path, does: Look, *, size: tuple[int, int] = (130, 42), unit: int = 3) -> None:
    async def drive() -> None:
        async with explorer(run, folder, size=size, start=("layer1", unit)) as opened:
            await does(opened)

    asyncio.run(drive())


def body(opened: Explorer) -> ClassBody:
    found = opened.screen.view_pane.body
    assert isinstance(found, ClassBody)
    return found


def test_the_key_leads_to_the_class_of_the_final_unit_and_back(run: Path, tmp_path: Path) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("C")
        assert opened.looking.subject == ClassSubject(LABELS[3])
        assert f"Class of {LABELS[3]}" in opened.text()
        assert "AUROC" in opened.text()
        await opened.press("C")
        assert opened.neuron == "layer1:3"
        assert opened.looking.subject == Neuron(1, 3)
        await opened.press("1", "enter")
        assert opened.looking.subject == ClassSubject(LABELS[3])
        await opened.press("escape")
        assert opened.looking.subject == Neuron(1, 3)

    look(run, tmp_path, does)


def test_units_come_by_importance_over_the_films_that_are_chosen(run: Path, tmp_path: Path) -> None:
    with RunReader(run) as reader:
        means = {over: reader.importance(1, over) for over in ("labelled", "false positive", "all")}
        counts = {over: int(found.films[3]) for over, found in means.items() if found}
        order = {over: np.argsort(-found.means[3], kind="stable").tolist() for over, found in means.items() if found}
        outcomes, outputs = Outcomes.of(reader), reader.outputs
        beyond = np.argsort(-(means["labelled"].means[3] - means["all"].means[3]), kind="stable").tolist()  # type: ignore[union-attr]

    async def does(opened: Explorer) -> None:
        await opened.press("C")
        units = body(opened).units
        assert units.in_order() == order["labelled"]
        assert f"mean over {counts['labelled']} films: labelled so" in opened.text()
        await opened.press("s", "f")
        assert units.in_order() == order["false positive"]
        await opened.press("s", "f")
        assert units.in_order()[0] == order["false positive"][-1]
        await opened.press("s", "l", "w")
        assert units.in_order() == beyond
        assert "beyond the mean" in opened.text()
        await opened.press("w", "L")
        assert "layer0 · mean over" in opened.text()
        await opened.press("w")
        assert outcomes is not None
        assert outputs is not None
        raised = outputs[outcomes.labelled[:, 3], 3].mean() - outputs[:, 3].mean()
        assert units.values.sum() == pytest.approx(raised, abs=1e-4)  # layer0 gives the head's inputs
        await opened.press("w")
        await opened.press("enter")
        assert opened.neuron == f"layer0:{np.argsort(-units.values, kind='stable')[0]}"
        await opened.press("ctrl+o")
        assert opened.looking.subject == ClassSubject(LABELS[3])

    look(run, tmp_path, does)


def test_counts_and_words_lead_on(run: Path, tmp_path: Path) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("C", "right", "j", "enter")
        assert opened.looking.subject == FilmSearch(f"false positive {LABELS[3]}")

    look(run, tmp_path, does)


def test_a_class_that_is_no_label_has_no_right_and_wrong(run: Path, tmp_path: Path) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("C")
        assert opened.looking.subject == ClassSubject("Edema")
        assert "Not a label of the probing set" in opened.text()
        assert "AUROC" not in opened.text()
        assert "predicted so" in opened.text()

    look(run, tmp_path, does, unit=6)


def test_softmax_says_how_a_film_is_predicted(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()

    async def does(opened: Explorer) -> None:
        await opened.press("C")
        assert "as the highest output" in opened.text()

    look(decided_run(tmp_path / "run", probabilities="softmax"), tmp_path, does)


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (200, 60)])
def test_it_fits(run: Path, tmp_path: Path, size: tuple[int, int]) -> None:
    async def does(opened: Explorer) -> None:
        await opened.press("C")
        text = opened.text()
        assert "unit ✓●" in text
        assert "AUROC" in text

    look(run, tmp_path, does, size=size)


def test_a_run_without_decisions_says_what_adds_them(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = small_run(tmp_path / "run")
    say_missing(path, ("outputs", "The outputs were not kept.", "mammi run CONFIG.toml"))

    async def does(opened: Explorer) -> None:
        await opened.press("C")
        assert "This run holds no outputs. The outputs were not kept." in opened.text()
        assert "CONFIG.toml" in opened.text()

    look(path, tmp_path, does)


def test_neurons_sort_by_what_matters_for_the_class_looked_at_last(run: Path, tmp_path: Path) -> None:
    with RunReader(run) as reader:
        found = reader.importance(1, "labelled")
    assert found is not None
    sizes = np.abs(found.means[3].astype(np.float64))

    async def does(opened: Explorer) -> None:
        await opened.press("C", "1", "s", "m")
        assert f"sorted by matters for {LABELS[3]}" in opened.text()
        living = [unit for unit in opened.rows.matches[1].tolist() if not opened.rows.is_dead(Neuron(1, unit))]
        assert living == [unit for unit in np.argsort(-sizes, kind="stable").tolist() if unit in living]
        await opened.press("slash", *"matters>", *f"{np.median(sizes):.3f}", "enter")
        assert set(opened.rows.matches[1].tolist()) == set(np.flatnonzero(sizes > round(float(np.median(sizes)), 3)))

    look(run, tmp_path, does)


def test_a_run_without_importance_says_so_when_it_is_sorted_by(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = small_run(tmp_path / "run")
    say_missing(path, ("importance", "It was not kept.", "mammi run CONFIG.toml"))

    async def does(opened: Explorer) -> None:
        await opened.press("s", "m")
        said = [notice.message for notice in opened.app._notifications]
        assert said == ["This run holds no importance. It was not kept. `mammi run CONFIG.toml` adds it."]

    look(path, tmp_path, does)
