"""Tables hold what the cells say, published figures where the setting is the paper's, and tell what stands alone."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from engine.config.settings import load_config
from engine.evaluation import matrix_config, published, published_setting
from engine.evaluation.matrix import Cell, MatrixResult, RunFacts
from engine.evaluation.published_setting import Films, digest, films_of
from engine.evaluation.results import Figure, LabelScores, MethodEvaluation, Ties, UniqueConcepts
from engine.evaluation.table_files import as_markdown, as_object, write
from engine.evaluation.table_rows import Table
from engine.evaluation.tables import tables
from engine.methods import KINDS as METHODS
from engine.probing.findings import FINDINGS
from tests.shared import shared_path
from tests.support.published import SAMPLES

OURS = Figure(0.4321, 0.05)
VLMS = {"medclip": "MedCLIP ViT", "MedKLIP": "MedKLIP", "CXR-RePaiR": "ViT-B-32-quickgelu"}
SETS = {"word_list": 1361, "CLIP-Dissect 20k": 20_000, "WordNet nouns": 71_234}
_DIGEST_OF = {name: digest for digest, name in published_setting.CONCEPT_LISTS.items()}
DIGESTS = {
    "word_list": _DIGEST_OF[published.MIMIC_NOUNS],
    "CLIP-Dissect 20k": _DIGEST_OF[published.CLIP_DISSECT_20K],
    "WordNet nouns": "any",
}
FILMS = next(
    Films(count, 0, known) for known, (name, count) in published_setting.LISTS.items() if name == "train_official.txt"
)


def paper_result(*overrides: str) -> MatrixResult:
    """What the sample of the paper's matrix would come to, with made-up figures."""
    matrix = matrix_config.load(SAMPLES / "tables_paper.toml", overrides)
    runs = {
        name: RunFacts(
            *(Path(f"{name}.duckdb"), "densenet121", shown, 75_312, SETS, DIGESTS, FILMS),
            *(("penultimate", "logits"), "logits", FINDINGS),
        )
        for name, shown in VLMS.items()
    }
    cells = [cell("medclip", name) for name in SETS]
    cells += [cell(name) for name in ("MedKLIP", "CXR-RePaiR")]
    cells += [cell(method=name) for name in ("clip_dissect", "falcon", "tsi")]
    cells += [cell(method="www", count=40), cell(alpha=0.9)]
    return MatrixResult(matrix, runs, ("clip", "mpnet"), tuple(cells), ("Something.",))


def cell(
    vlm: str = "medclip",
    concept_set: str = "word_list",
    method: str = "mammi",
    alpha: float = 0.93,
    count: int | None = None,
    figure: Figure = OURS,
) -> Cell:
    scores = LabelScores(figure, figure, figure, figure, {"clip": figure, "mpnet": figure})
    evaluation = MethodEvaluation(
        method=method,
        title={"mammi": "MAMMI", "www": f"WWW (top {count} images)"}.get(method, method),
        by_annotation=method in ("mammi", "www"),
        among_labels=method == "tsi",
        unique=(UniqueConcepts("penultimate", 1024, 80, 120), UniqueConcepts("logits", 14, 9, 15)),
        truth=(),
        annotation=scores,
        best=scores,
    )
    return Cell(vlm, concept_set, alpha, count, 7.5 if method == "mammi" else None, evaluation)


def sources(table: Table) -> list[tuple[str, str]]:
    return [(row.names[0], row.source) for row in table.rows]


def test_published_rows_stand_under_ours_where_the_setting_is_the_papers() -> None:
    result = paper_result()
    assert result.differences == ()
    sets, selections, vlms, masks, methods, alphas = tables(result)
    assert sources(sets) == [
        *(("word_list", "here"), ("MIMIC nouns", "paper")),
        *(("CLIP-Dissect 20k", "here"), ("20K (CLIP-Dissect)", "paper")),
        *(("WordNet nouns", "here"), ("WordNet nouns (WWW)", "paper")),
    ]
    assert sources(selections) == [
        *(("without adaptive, 40 images", "here"), ("without adaptive", "paper")),
        *(("adaptive, α 0.93", "here"), ("adaptive", "paper")),
    ]
    assert sources(vlms) == [
        *(("medclip", "here"), ("MedCLIP", "paper")),
        *(("MedKLIP", "here"), ("MedKLIP", "paper")),
        *(("CXR-RePaiR", "here"), ("CXR-RePaiR", "paper")),
    ]
    assert sources(masks) == [("tsi", "here"), ("TSI", "paper"), ("MAMMI", "here"), ("MAMMI", "paper")]
    assert sources(methods) == [
        *(("clip_dissect", "here"), ("CLIP-Dissect (medical)", "paper")),
        *(("falcon", "here"), ("FALCON (medical)", "paper")),
        *(("MAMMI", "here"), ("MAMMI", "paper")),
    ]
    assert sources(alphas) == [("0.93", "here"), ("0.9", "here")]
    assert sets.notes == vlms.notes == ()
    assert selections.notes == ("Nothing is ahead of MAMMI here.",)
    assert not any("TSI" in note for note in masks.notes)


@pytest.mark.parametrize(
    ("overrides", "difference"),
    [
        (["probing.sample=5"], "probing.sample leaves out films of NIH14"),
        (['probing.rename={Mass = "Nodule"}'], "probing.rename changes the films' labels"),
        (['probing.views=["PA"]'], "probing.views leaves out films of NIH14"),
        (["target.pooling=max"], 'target.pooling is "max", the paper\'s "mean"'),
        (["target.weights_key=ema"], 'target.weights_key is "ema", the paper\'s "model"'),
        (["target.output=logits"], 'target.output chooses "logits"'),
        (["target.channels=last"], 'target.channels is "last"'),
        (["target.preprocessing.size=300"], "target.preprocessing.size is 300, the paper's 256"),
        (["target.preprocessing.crop=200"], "target.preprocessing.crop is 200, the paper's 224"),
        (["target.preprocessing.mean=0.5"], "target.preprocessing.mean is 0.5, the paper's 0.5056"),
        (["target.preprocessing.std=[0.25, 0.25, 0.2]"], "target.preprocessing.std is [0.25, 0.25, 0.2], the paper's"),
        (["target.preprocessing.interpolation=bicubic"], 'target.preprocessing.interpolation is "bicubic"'),
        (["target.name=densenet169"], "the target model is densenet121, the paper's densenet121_CXR_0.3M_mocov2.pth"),
        (['target.ignore_keys=["classifier.*"]'], "target.ignore_keys leaves out some of the target model's weights"),
        (["run.parity=none"], 'run.parity is "none", the paper\'s "published"'),
        (["run.mixed_precision=true"], "run.mixed_precision is true, the paper's false"),
        (["run.template="], 'run.template is "", the paper\'s "A chest x-ray image of a"'),
        (["run.subtract_template=false"], "run.subtract_template is false, the paper's true"),
        (['matrix.encoders.clip="my-clip"'], 'the encoder "clip" is my-clip, the paper\'s clip-vit-b-16'),
        (["run.alpha=0.9"], "α is 0.9, the paper's 0.93"),
        (["run.beta=0.5"], "β is 0.5, the paper's 0.95"),
        (["run.template=A film of a"], 'run.template is "A film of a"'),
        (["target.weights=own.pth"], "the target model is densenet121, the paper's densenet121_CXR_0.3M_mocov2.pth"),
    ],
)
def test_in_another_setting_published_rows_stand_apart(overrides: list[str], difference: str) -> None:
    result = paper_result(*overrides)
    alpha = result.matrix.base.run.alpha
    result = replace(result, cells=tuple(replace(cell, alpha=alpha) for cell in result.cells[:-1]))
    assert any(difference in other for other in result.differences)
    for table in tables(result)[:5]:
        shown = [source for _, source in sources(table)]
        assert shown == sorted(shown)
        assert any(note.startswith("Not run here in the paper's setting: ") for note in table.notes)
        assert any(note.startswith("Here without a published figure: ") for note in table.notes)
    assert difference in as_markdown(result, tables(result)).replace("(", "[").replace(")", "]")


@pytest.mark.parametrize(
    ("films", "difference"),
    [
        (
            Films(11_212, 0, "c8b9d94ad8816f60b266ce08a918a80e7c0d5c90ffcd25020fd32e8979f5c4c5"),
            "val_official.txt with 11,212",
        ),
        (
            Films(75_312, 0, digest(["00000001_000.png"])),
            "another list with 75,312 films, the paper's train_official.txt",
        ),
        (replace(FILMS, set_aside=3), "3 of 75,312 films are set aside"),
    ],
)
def test_other_films_of_nih14_are_another_setting(films: Films, difference: str) -> None:
    result = paper_result()
    result = replace(result, runs={name: replace(each, films=films) for name, each in result.runs.items()})
    assert difference in "; ".join(result.differences)
    assert len(result.differences) == 1


def test_the_published_lists_are_known_by_their_content() -> None:
    validation = shared_path("data", "nih14", "val_official.txt").read_text().splitlines()
    films = films_of(
        [f"images_001/{line.split()[0]}" for line in validation[:-2]], [line.split()[0] for line in validation[-2:]]
    )
    assert (films.count, films.set_aside) == (11_212, 2)
    assert published_setting.LISTS[films.digest] == ("val_official.txt", 11_212)
    leaf = paper_result().matrix.base.concepts[0]
    path = shared_path("data", "nih14", "mimic_nouns.txt")
    nouns = replace(leaf, options=leaf.options.model_copy(update={"path": path})).load(Path(), [])
    assert published_setting.published_set(leaf, digest(nouns)) == published.MIMIC_NOUNS
    assert published_setting.published_set(leaf, digest([*nouns[:-1], "table"])) is None


def test_what_cannot_be_compared_is_listed_wherever_tables_are_shown() -> None:
    result = paper_result()
    assert result.differences == ()
    for text in (
        "weights, tokenizers and text encoders beyond their names",
        "the version of WordNet",
        "FALCON's reports",
    ):
        assert any(text in each for each in result.unchecked)
        assert text in as_markdown(result, tables(result))
    assert as_object(result, tables(result))["not_checked"] == list(result.unchecked)
    few = replace(result, cells=result.cells[:1])
    assert not any("FALCON" in each for each in few.unchecked)


def test_a_method_or_set_with_other_options_has_no_published_figure() -> None:
    changed = ("methods.falcon.words=3", "concepts.WordNet nouns.phrases=false", "methods.clip_dissect.prompted=true")
    sets, *_, methods, _ = tables(paper_result(*changed))
    assert "Here without a published figure: WordNet nouns." in sets.notes
    assert "methods.falcon.words is 3, the paper's 8." in methods.notes
    assert "methods.clip_dissect.prompted is true, the paper's false." in methods.notes
    assert sources(methods)[0:3] == [("clip_dissect", "here"), ("falcon", "here"), ("MAMMI", "here")]


@pytest.mark.parametrize(
    ("table", "difference"),
    [
        ("{}", "methods.tsi.label_set is not given: the paper's TSI takes the higher of"),
        ('{label_set = {kind = "nih14", folder = "x"}}', 'methods.tsi.label_set is of kind "nih14": the paper\'s'),
        ('{label_set = {kind = "covid_cxr", folder = "x"}, border = "edge"}', 'methods.tsi.border is "edge"'),
    ],
)
def test_tsi_has_a_published_figure_with_the_papers_label_sets_only(table: str, difference: str) -> None:
    masks = tables(paper_result(f"methods.tsi={table}"))[3]
    assert sources(masks) == [("tsi", "here"), ("MAMMI", "here"), ("MAMMI", "paper"), ("TSI", "paper")]
    assert "Not run here in the paper's setting: TSI." in masks.notes
    assert any(note.startswith(difference) for note in masks.notes)


def test_options_written_out_as_published_are_no_difference() -> None:
    soft_wpmi = "{top_k = 100, a = 10, lam = 1, p_start = 0.998, p_end = 0.97}"
    masks = 'methods.tsi={cut = 0, label_set = {kind = "covid_cxr", folder = "x"}}'
    *_, of_masks, methods, _ = tables(paper_result(f"methods.clip_dissect={soft_wpmi}", masks))
    assert sources(methods)[1] == ("CLIP-Dissect (medical)", "paper")
    assert sources(of_masks)[1] == ("TSI", "paper")
    *_, methods, _ = tables(paper_result("methods.clip_dissect.top_k=50", "methods.falcon.threshold=0.5"))
    assert "methods.clip_dissect.top_k is 50, the paper's 100." in methods.notes
    assert "methods.falcon.threshold is 0.5, the paper's is not set." in methods.notes


def test_cxr_repair_of_another_architecture_has_no_published_figure() -> None:
    result = paper_result()
    run = result.matrix.runs["CXR-RePaiR"]
    run = replace(run, vlm=replace(run.vlm, options=run.vlm.options.model_copy(update={"model": "ViT-B-32"})))
    result = replace(result, matrix=replace(result.matrix, runs={**result.matrix.runs, "CXR-RePaiR": run}))
    assert "Here without a published figure: CXR-RePaiR." in tables(result)[2].notes


def test_a_selection_that_takes_every_image_says_so() -> None:
    result = paper_result()
    few = replace(result, runs={name: replace(facts, images=24) for name, facts in result.runs.items()})
    assert tables(few)[1].rows[0].names == ("without adaptive, 40 images: all 24",)


def test_every_option_that_is_treated_apart_exists() -> None:
    apart = [
        *published_setting.OPTIONS,
        *((kind, key) for kind, keys in published_setting.FREE.items() for key in keys),
    ]
    for kind, key in apart:
        module = import_module(METHODS[kind])
        assert key in module.Options.model_fields
    assert set(published.METHOD_NAMES) <= set(METHODS)


def test_vlms_and_lists_with_other_files_have_no_published_figure() -> None:
    result = paper_result()
    others = {"MedKLIP": "other.pth", "CXR-RePaiR": "other.pt"}
    runs = {
        name: replace(
            run, vlm=replace(run.vlm, options=run.vlm.options.model_copy(update={"weights": Path(others[name])}))
        )
        if name in others
        else run
        for name, run in result.matrix.runs.items()
    }
    result = replace(result, matrix=replace(result.matrix, runs=runs))
    own = result.own
    mixed = replace(own, digests=own.digests | {"CLIP-Dissect 20k": digest(["the", "of"])})
    sets, _, vlms, *_ = tables(replace(result, runs={**result.runs, "medclip": mixed}))
    assert "Here without a published figure: MedKLIP, CXR-RePaiR." in vlms.notes
    assert "Here without a published figure: CLIP-Dissect 20k." in sets.notes


def test_other_films_and_other_classes_are_another_setting() -> None:
    result = paper_result()
    phantoms = load_config(SAMPLES / "phantom.toml").probing
    runs = {name: replace(run, probing=phantoms) for name, run in result.matrix.runs.items()}
    facts = {name: replace(each, classes=FINDINGS[:13]) for name, each in result.runs.items()}
    assert replace(result, matrix=replace(result.matrix, runs=runs), runs=facts).differences == (
        "the final layer's units are not the 14 NIH findings",
        'the probing set is of kind "phantom", the paper\'s is NIH14',
    )


def test_another_count_and_another_set_have_no_published_figure() -> None:
    result = paper_result("matrix.counts=[10]")
    cells = [replace(cell, count=10) if cell.count else cell for cell in result.cells]
    _, selections, *_ = tables(replace(result, cells=tuple(cells)))
    assert "Here without a published figure: without adaptive, 10 images." in selections.notes
    digests = {**DIGESTS, "word_list": digest(["heart"])}
    runs = {name: replace(facts, digests=digests) for name, facts in result.runs.items()}
    sets, _, vlms, *_ = tables(replace(result, runs=runs))
    assert "Here without a published figure: word_list." in sets.notes
    assert "Here without a published figure: medclip, MedKLIP, CXR-RePaiR." in vlms.notes


def test_a_note_says_who_is_ahead_of_mammi() -> None:
    result = paper_result()
    *_, methods, _ = tables(result)
    assert "Nothing is ahead of MAMMI here." in methods.notes
    better = [
        cell(method=found.evaluation.method, figure=Figure(0.5, 0.1))
        if found.evaluation.method in ("falcon", "tsi")
        else found
        for found in result.cells
    ]
    _, _, _, masks, methods, _ = tables(replace(result, cells=tuple(better)))
    (ahead,) = [note for note in methods.notes if note.startswith("Ahead")]
    assert "falcon by F1 (0.5000, MAMMI 0.4321)" in ahead
    assert not any(note.startswith("Ahead") for note in masks.notes)
    assert any("among the labels alone" in note and note.endswith(": tsi.") for note in masks.notes)


def test_a_note_says_where_ties_decide_a_published_figure() -> None:
    result = paper_result()

    def tied(found: Cell) -> Cell:
        return replace(found, evaluation=replace(found.evaluation, ties=Ties(13, 0.25)))

    *_, masks, methods, _ = tables(replace(result, cells=tuple(map(tied, result.cells))))
    for table, method in ((masks, "tsi"), (methods, "clip_dissect")):
        (note,) = [note for note in table.notes if "share the best score" in note and note.startswith(method)]
        assert "in 13 neurons" in note
        assert "0.2500" in note
        assert not any(note.startswith("MAMMI: in 13") for note in table.notes)  # scored by its annotation
    assert not any("share the best score" in note for table in tables(result) for note in table.notes)


def test_the_files_hold_the_tables_and_every_cell(tmp_path: Path) -> None:
    result = paper_result()
    made = tables(result)
    paths = write(tmp_path, result, made)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)
    markdown, written, cells = (path.read_text() for path in paths)
    assert markdown.count("## ") == 6
    lines = [line for line in markdown.splitlines() if line.startswith("| MIMIC nouns ")]
    assert [part.strip() for part in lines[0].split("|")[3:-1]] == [
        *("paper", "0.8599 ± 0.024", "0.5290 ± 0.084", "0.2619 ± 0.113", "0.2857 ± 0.121"),
    ]
    assert "| adaptive, α 0.93            | here  | 0.4321 ± 0.050 |" in markdown
    assert "80 / 120" in markdown
    assert "Not evaluated: Something." in markdown
    assert json.loads(written) == json.loads(json.dumps(as_object(result, made)))
    rows = list(csv.DictReader(cells.splitlines()))
    assert len(rows) == len(result.cells)
    assert (rows[0]["method"], rows[0]["f1"], rows[0]["cosine_clip_error"]) == ("mammi", "0.4321", "0.05")
    assert (rows[0]["unique_best"], rows[0]["unique_annotated"], rows[0]["scored_by"]) == ("80", "120", "annotation")


def test_a_hostile_name_stays_in_its_cell() -> None:
    result = paper_result()
    runs = {name: replace(facts, vlm="a | b\x1b[31m\nc", target="\x1b[2J") for name, facts in result.runs.items()}
    text = as_markdown(replace(result, runs=runs), tables(replace(result, runs=runs)))
    assert "\x1b" not in text
    rows = [line for line in text.split("## Table 3")[1].split("##")[0].splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows}) == 1


def test_the_published_figures_are_the_papers() -> None:
    """Each figure of the paper's tables, read off them by another hand."""
    known = json.loads(shared_path("data", "paper", "tables.json").read_text())
    own = {
        "table1_concept_set": published.CONCEPT_SETS,
        "table2_example_selection": published.SELECTIONS,
        "table3_vlm": published.VLMS,
        "table4_mask_based": published.MASK_BASED,
        "table5_methods": published.METHODS,
    }
    for name, rows in own.items():
        assert [as_known(row) for row in rows] == [dict(sorted(row.items())) for row in map(without_names, known[name])]
        names = [next(iter(row.values())) for row in known[name]]
        assert [row.names[0] for row in rows] == names


def without_names(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in row.items() if key not in ("concept_set", "concepts", "selection", "vlm", "method")
    }


def as_known(row: published.PublishedRow) -> dict[str, Any]:
    figures = {**row.similarity, "f1": row.f1, "hit_rate": row.hit_rate}
    found: dict[str, Any] = {name: [figure.mean, figure.error] for name, figure in figures.items() if figure}
    if row.unique is not None:
        found["penultimate_unique_concepts"] = row.unique
    return dict(sorted(found.items()))
