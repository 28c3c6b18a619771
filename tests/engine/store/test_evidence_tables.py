"""What annotations are judged by comes out of a run file as it went in, and damage to it is told in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pytest

from engine.errors import MammiError, RunFileError
from engine.store import cursors
from engine.store.contents import Note, StoredMethod
from engine.store.finished import FinishedRun
from engine.store.reader import RunReader
from engine.store.records import MethodScore
from engine.store.writer import assemble
from mammi_tui.console.run_health import faults
from tests.support.resealed import changed
from tests.support.runs import method_scores, small_contents, small_run, with_evidence

UNITS = (8, 14)
METHODS = {"www": {"count": 20}, "tcav": {"concepts": "labels", "level": 0.05}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return small_run(tmp_path, hostile=True, other_templates=2, captions=9, methods=METHODS)


def test_other_templates_and_captions(path: Path) -> None:
    contents = with_evidence(small_contents(hostile=True)[0], UNITS, 0, 2, 9, METHODS)
    with RunReader(path) as reader:
        assert reader.other_templates == tuple(other.template for other in contents.other_templates)
        for place, other in enumerate(contents.other_templates):
            texts, template = reader.arrays.other_template(place)
            np.testing.assert_array_equal(texts, other.text_embeddings)
            np.testing.assert_array_equal(template, other.embedding)
        assert reader.captions == tuple(contents.captions)
        np.testing.assert_array_equal(reader.arrays.caption_embeddings(), contents.caption_embeddings)
        for place in (2, -1):
            with pytest.raises(IndexError, match="the run has 2"):
                reader.arrays.other_template(place)


def test_concepts_without_a_template_and_notes(tmp_path: Path) -> None:
    contents, batches = small_contents(hostile=True)
    notes = [Note("target", "layer0 is odd"), Note("", "\x1b[31mred")]
    layers = [replace(contents.layers[0], untrained="its weights are random"), *contents.layers[1:]]
    bare = contents.text_embeddings[::-1]
    path = tmp_path / "run.duckdb"
    assemble(path, replace(contents, notes=notes, layers=layers, bare_embeddings=bare), batches)
    with FinishedRun(path) as finished:
        reader = finished.reader
        assert reader.notes == tuple(notes)
        assert [layer.untrained for layer in reader.layers] == ["its weights are random", ""]
        np.testing.assert_array_equal(reader.arrays.bare_text_embeddings(), bare)
        np.testing.assert_array_equal(finished.texts()[contents.concepts[3]], bare[3])


def test_methods_and_their_scores(path: Path) -> None:
    contents, _ = small_contents(hostile=True)
    with RunReader(path) as reader:
        assert reader.methods == tuple(StoredMethod(name, options) for name, options in METHODS.items())
        given = [
            score for score in method_scores(contents, UNITS, "tcav") if (score.layer, score.unit) == ("layer1", 3)
        ]
        assert reader.method_scores("tcav", "layer1", 3) == given[::-1]
        assert reader.method_scores("tcav", "layer1", 0) == reader.method_scores("www", "layer1", 3) == []
        of_layer = reader.method_scores("tcav", "layer0")
        assert [(score.unit, score.score) for score in of_layer[:4]] == [(1, 0.6), (1, 0.35), (1, 0.1), (2, 0.6)]
        assert len(of_layer) == 7 * 3
        with pytest.raises(KeyError):
            reader.method_scores("tcav", "layer9")


def test_p_values_and_details_may_be_missing(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path, methods={"tsi": {}})) as reader:
        assert {(score.p_value, score.detail) for score in reader.method_scores("tsi", "layer0")} == {(None, "")}


def test_a_run_without_any(tmp_path: Path) -> None:
    with RunReader(small_run(tmp_path)) as reader:
        assert (reader.other_templates, reader.captions, reader.methods) == ((), (), ())
        assert reader.arrays.caption_embeddings().shape == (0, 16)


def test_tables_over_all_images(tmp_path: Path) -> None:
    contents, batches = small_contents(hostile=True)
    parameters = [{"heart_width": 0.5, "ribs": 24.0}, {}, {"ribs": 23.0}]
    images = [replace(image, parameters=known) for image, known in zip(contents.images[:3], parameters, strict=True)]
    images.append(replace(contents.images[3], patient=None, view=None, report=None, labels=(), parameters={}))
    path = tmp_path / "run.duckdb"
    assemble(path, replace(contents, images=[*images, *contents.images[4:]]), batches)
    with RunReader(path) as reader:
        infos = reader.images(range(60))
        names, table = reader.label_table()
        assert names == tuple(sorted({label for info in infos for label in info.labels}))
        for info in infos:
            assert {names[number] for number in np.flatnonzero(table[info.image])} == set(info.labels)
        assert reader.patients() == tuple(info.patient for info in infos)
        assert reader.views() == tuple(info.view for info in infos)
        for column, texts in (("patient", reader.patients()), ("view", reader.views())):
            names, places = reader.coded(column)
            assert names == tuple(sorted({text for text in texts if text is not None}))
            assert tuple(names[place] if place >= 0 else None for place in places) == texts
        assert reader.reports()[:3] == (contents.images[0].report, contents.images[2].report, None)
        assert (reader.patients()[2], len(reader.reports())) == (None, 60)
        names, values = reader.parameter_table()
        assert names == ("heart_width", "ribs")
        np.testing.assert_array_equal(values[:3], [[0.5, 24.0], [np.nan, 23.0], [np.nan, np.nan]])
        assert values[3:, 0].tolist() == [image.parameters["heart_width"] for image in contents.images[4:61]]


def test_activations_by_image(tmp_path: Path) -> None:
    contents, batches = small_contents(images=300)
    path = tmp_path / "run.duckdb"
    assemble(path, contents, batches)
    with RunReader(path) as reader:
        for layer in reader.layers:
            given = np.concatenate([batch.activations[layer.name] for batch in batches])
            np.testing.assert_array_equal(reader.arrays.activations(layer), given.T)


def test_a_finished_run_gives_its_texts_and_scores_back(path: Path) -> None:
    contents = with_evidence(small_contents(hostile=True)[0], UNITS, 0, 2, 9, METHODS)
    with FinishedRun(path) as finished:
        texts = finished.texts()
        other = contents.other_templates[1]
        np.testing.assert_array_equal(texts[f"{other.template} {contents.concepts[4]}"], other.text_embeddings[4])
        np.testing.assert_array_equal(texts[other.template], other.embedding)
        np.testing.assert_array_equal(texts[contents.captions[5]], contents.caption_embeddings[5])
        assert len(texts) == 3 * 26 + 9
        assert sorted(finished.method_scores("tcav"), key=repr) == sorted(contents.method_scores["tcav"], key=repr)


def test_verdicts_hold_when_a_run_comes_to_have_more(path: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with RunReader(path) as more, RunReader(small_run(tmp_path / "plain", hostile=True)) as plain:
        assert more.info.content_hash == plain.info.content_hash


def test_scores_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    contents, batches = small_contents()
    for score, error, message in [
        (MethodScore("layer1", 14, "mass", 1.0), ValueError, "tsi: the run has no neuron layer1:14"),
        (MethodScore("layer1", -1, "mass", 1.0), ValueError, "no neuron layer1:-1"),
        (MethodScore("layer9", 0, "mass", 1.0), ValueError, "no neuron layer9:0"),
        (MethodScore("layer1", 2, "mass", np.nan), MammiError, "methods.tsi: the score of layer1:2 is not a finite"),
    ]:
        with pytest.raises(error, match=message):
            assemble(tmp_path / "run.duckdb", replace(contents, method_scores={"tsi": [score]}), batches)
    assert not (tmp_path / "run.duckdb").exists()


@pytest.mark.parametrize(
    "change",
    [
        "DROP TABLE method_scores",
        "DELETE FROM other_texts WHERE concept = 3",
        "UPDATE methods SET options = '{'",
        "UPDATE methods SET options = '[1, 2]'",
        "UPDATE methods SET options = NULL",
        "UPDATE labels SET image = 60",
        "UPDATE labels SET image = -1",
        "UPDATE image_parameters SET image = 1000000",
        "UPDATE captions SET text = NULL",
        "UPDATE captions SET embedding = NULL",
        "UPDATE other_templates SET template = NULL",
        "UPDATE method_scores SET score = NULL",
        "UPDATE method_scores SET concept = NULL",
        "UPDATE images SET image = image + 1",
        "UPDATE activation_blocks SET images = list_transform(images, lambda x: x + 1)",
        "UPDATE activation_blocks SET codes = list_transform(codes, lambda x: NULL)",
        "UPDATE activation_blocks SET codes = NULL",
        "UPDATE partial_sums SET total = NULL",
        "UPDATE neurons SET best = 99",
        "UPDATE annotated_concepts SET concept = 99",
        "DELETE FROM own_means WHERE neuron = 2",
        "ALTER TABLE own_means ALTER mean TYPE DOUBLE[2] USING [1, 2]",
        "ALTER TABLE partial_sums ALTER total TYPE DOUBLE[3] USING [1, 2, 3]",
    ],
)
def test_damage_is_told_in_one_line(path: Path, change: str) -> None:
    with duckdb.connect(path) as connection:
        connection.execute(change)
    with pytest.raises(RunFileError) as caught, RunReader(path) as reader:
        read_all(reader)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_captions_without_a_finite_embedding_are_a_fault(tmp_path: Path) -> None:
    contents, batches = small_contents()
    vectors = np.full((2, 16), np.inf, dtype=np.float32)
    path = tmp_path / "run.duckdb"
    assemble(path, replace(contents, captions=["one", "two"], caption_embeddings=vectors), batches)
    with RunReader(path) as reader:
        assert list(faults(reader)) == ["embeddings that are not finite numbers"]
    with changed(path) as connection:
        connection.execute(
            "UPDATE captions SET embedding = list_transform(embedding, lambda x: NULL) WHERE caption = 1"
        )
    with (
        RunReader(path) as reader,
        pytest.raises(RunFileError, match="captions of caption 1 are not as they were written"),
    ):
        reader.arrays.caption_embeddings()


def read_all(reader: RunReader) -> None:
    reader.label_table()
    reader.parameter_table()
    reader.patients()
    for layer in reader.layers:
        reader.arrays.activations(layer)
        reader.arrays.own_words(layer, range(layer.units))
        for method in reader.methods:
            reader.method_scores(method.name, layer.name)
    for place in range(len(reader.other_templates)):
        reader.arrays.other_template(place)
    reader.arrays.partial_sums(np.arange(len(reader.arrays.rungs)))
    reader.arrays.own_means(np.arange(len(reader.maxima)))
    assert len(reader.captions) == len(reader.arrays.caption_embeddings())


def test_what_is_known_of_images_is_the_same_however_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = small_run(tmp_path, hostile=True)

    def known() -> list[object]:
        with RunReader(path) as reader:
            tables = [*reader.label_table(), *reader.parameter_table(), *reader.coded("patient"), *reader.coded("view")]
            tables += [
                *reader.input_statistics().values(),
                reader.digests(),
                *(each.members for each in reader.attributes()),
            ]
            return [each.tolist() if isinstance(each, np.ndarray) else each for each in (*tables, reader.paths())]

    at_once = known()
    monkeypatch.setattr(cursors, "_ROWS_AT_ONCE", 7)
    assert repr(known()) == repr(at_once)  # NaN is NaN here
