"""The paper's figure 2: its numbers and its files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.evaluation.evaluate import evaluate
from engine.evaluation.figure2 import ALPHAS, NO_LABEL, Figure2, figure2, fixed_lines, sweep_lines
from engine.evaluation.plots import draw, names
from engine.methods import mammi, www
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.disk import files_up_to
from tests.support.runs import small_run


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> RunReader:
    return RunReader(small_run(tmp_path_factory.mktemp("run"), hostile=True))


@pytest.fixture(scope="module")
def figure(reader: RunReader) -> Figure2:
    made = figure2(reader, Requery(reader), cuts=Cuts(0.7, 0.95))
    assert made is not None
    return made


def test_the_shares_are_of_images_and_of_representatives(reader: RunReader, figure: Figure2) -> None:
    answers = [Requery(reader).neuron("layer1", unit, Cuts(0.7, 0.95)) for unit in range(14)]
    activations = reader.arrays.activations(reader.layer("layer1"))
    chosen = [image for answer in answers for image in reader.images(answer.images)]
    everything = reader.images(range(reader.image_count))
    strongest = {unit: np.argsort(-activations[unit], kind="stable")[:40] for unit in range(1, 14)}
    fixed = [image for images in strongest.values() for image in reader.images(images)]
    assert len(figure.classes) == len(reader.label_table()[0]) + 1
    for share in figure.classes:
        for among, found in (
            (everything, share.probing),
            (chosen, share.representatives),
            (fixed, share.fixed),
        ):
            carried = [share.label in (image.labels or (NO_LABEL,)) for image in among]
            assert found == pytest.approx(np.mean(carried))
    probing = [share.probing for share in figure.classes[:-1]]
    assert probing == sorted(probing, reverse=True)
    assert [count.representatives for count in figure.counts] == [len(answer.images) for answer in answers]
    assert figure.counts[0].representatives == 0
    assert [count.fixed for count in figure.counts] == [0, *[40] * 13]


def test_without_adaptive_selection_few_images_are_all_taken(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path, hostile=True, images=24)) as few:
        made = figure2(few, Requery(few))
    assert made is not None
    assert made.fixed_count == 24


def test_the_scores_without_adaptive_selection_are_wwws(reader: RunReader, figure: Figure2) -> None:
    method = www.load(www.Options(count=40), reader, Requery(reader))
    assert figure.fixed_scores == evaluate(reader, [method], cuts=Cuts(0.7, 0.95)).methods[0].annotation
    assert list(fixed_lines(figure)) == list(sweep_lines(figure))


def test_the_sweep_scores_mammi_at_each_alpha(reader: RunReader, figure: Figure2) -> None:
    assert [point.alpha for point in figure.sweep] == list(ALPHAS)
    point = figure.sweep[ALPHAS.index(0.9)]
    requery = Requery(reader)
    method = mammi.load(mammi.Options(), reader, requery)
    assert point.scores == evaluate(reader, [method], cuts=Cuts(0.9, 0.95)).methods[0].annotation
    assert point.representatives == np.mean(requery.layer("layer1", Cuts(0.9, 0.95)).counts)
    assert list(sweep_lines(figure)) == ["hit rate", "F1"]


@pytest.mark.slow
def test_every_panel_is_written_as_svg_and_png(figure: Figure2, tmp_path: Path) -> None:
    written = draw(figure, tmp_path)
    assert [path.name for path in written] == names(figure)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names(figure))
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as picture:
                assert min(picture.size) > 500
                assert len(picture.convert("RGB").getcolors(1 << 24) or ()) > 10
        else:
            text = path.read_text("utf-8")
            assert "<svg" in text
            assert not [char for char in text if ord(char) < 32 and char != "\n"]


@pytest.mark.slow
def test_equal_figures_give_equal_files(figure: Figure2, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    for first, second in zip(draw(figure, tmp_path / "a"), draw(figure, tmp_path / "b"), strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_a_folder_that_cannot_be_written_has_a_message(figure: Figure2, tmp_path: Path) -> None:
    with pytest.raises(MammiError, match=r"missing: cannot be written"):
        draw(figure, tmp_path / "missing")


def test_where_one_file_cannot_be_written_earlier_ones_stay(figure: Figure2, tmp_path: Path) -> None:
    for name in names(figure)[:3]:
        (tmp_path / name).write_text("earlier")
    with files_up_to(2_000), pytest.raises(MammiError, match="cannot be written: the file would be larger"):
        draw(figure, tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(names(figure)[:3], "earlier")
