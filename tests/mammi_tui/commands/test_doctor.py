"""`mammi doctor`: the installation, the terminal, and a run file that is sound or not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.attributes import tell
from tests.support.commands import Mammi
from tests.support.decisions import decided_run
from tests.support.models import tiny_project
from tests.support.resealed import changed
from tests.support.runs import small_run


def test_it_shows_versions_terminal_and_image_backend(mammi: Mammi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "TMUX": "x"}.items():
        monkeypatch.setenv(name, value)
    for name in ("NO_COLOR", "TEXTUAL_COLOR_SYSTEM", "MAMMI_IMAGES"):
        monkeypatch.delenv(name, raising=False)
    outcome = mammi("doctor")
    assert outcome.status == 0
    for said in ("textual 8", "duckdb 2", "TERM=xterm-256color", "truecolor", "tmux"):
        assert said in outcome.out
    assert "\n  films       quadrant blocks: there is no terminal to ask\n" in outcome.out


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("halfblock", "half blocks: asked for (MAMMI_IMAGES=halfblock)"),
        ("crystal", "MAMMI_IMAGES: 'crystal' is none of auto, kitty, sixel, quadrant, halfblock, ascii, off"),
    ],
)
def test_it_says_what_the_variable_asks_for(
    mammi: Mammi, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("MAMMI_IMAGES", value)
    outcome = mammi("doctor")
    assert outcome.status == 0
    assert f"\n  films       {said}\n" in outcome.out


def test_without_the_engine_it_says_how_to_install_it(mammi: Mammi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mammi_tui.commands.doctor.ENGINE_PACKAGES", ("no-such-package",))
    assert "not installed (no-such-package missing): pip install 'mammi-explorer[engine]'" in mammi("doctor").out


def test_it_lists_the_attributes_of_the_images(mammi: Mammi, tmp_path: Path) -> None:
    path = small_run(tmp_path)
    assert "none beside the view. To add what the probing set says: mammi run CONFIG.toml" in mammi("doctor", path).out
    devices = [(image, "device", f"device {image % 9}") for image in range(20)]
    tell(path, [(0, "sex", "F"), (1, "sex", "M"), (2, "sex", "M"), (0, "age", "61"), (1, "age", "18"), *devices])
    outcome = mammi("doctor", path)
    assert outcome.status == 0
    for said in (
        "attribute   age: known of 2 of 60 images, 18 to 61\n",
        "attribute   device: known of 20 of 60 images, device 0 3, device 1 3, device 2 2, device 3 2, device 4 2, "
        "device 5 2 and 3 more\n",
        "attribute   sex: known of 3 of 60 images, M 2, F 1\n",
    ):
        assert said in outcome.out
    assert "none beside" not in outcome.out


def test_a_sound_run_is_listed_with_what_it_holds(mammi: Mammi, run_path: Path) -> None:
    outcome = mammi("doctor", run_path)
    assert outcome.status == 0
    for said in (
        "60 usable, 2 set aside",
        "layer0: 8 units, 1 dead",
        "layer1: 14 units, 1 dead",
        "films/00000001.png  truncated PNG",
        "none yet",
        "The run file is sound.",
    ):
        assert said in outcome.out


@pytest.mark.parametrize(("mode", "said"), [(0o600, "MB)"), (0o640, "its group may read it)"), (0o777, "everyone may")])
def test_it_says_who_may_read_a_run_file(mammi: Mammi, tmp_path: Path, mode: int, said: str) -> None:
    path = small_run(tmp_path)
    path.chmod(mode)
    file = next(line for line in mammi("doctor", path).out.splitlines() if line.startswith("  file"))
    assert said in file


def test_concept_sets_are_listed_with_their_sizes(mammi: Mammi, two_sets_path: Path) -> None:
    said = mammi("doctor", two_sets_path).out
    assert "set         set 0 (word_list): 15 concepts\n  set         set 1 (word_list): 15 concepts" in said


@pytest.mark.slow
def test_templates_captions_and_methods_are_listed(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    path = small_run(tmp_path, other_templates=2, captions=5, methods={"www": {"count": 20}, "tsi": {}}, hostile=True)
    outcome = mammi("doctor", path)
    assert outcome.status == 0
    assert "\n  templates   2 others: template 0[bold red]x[/]; template 1[bold red]x[/]\n" in outcome.out
    assert "\n  captions    5 sentences of reports\n  methods     www, tsi (scores for 20 neurons)\n" in outcome.out
    assert "others" not in mammi("doctor", run_path).out


def test_the_verdict_files_damaged_lines_are_counted(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)
    (tmp_path / "run.verdicts.jsonl").write_text("{}\n{\n")
    outcome = mammi("doctor", path)
    assert outcome.status == 0
    assert "0 of this run, 0 of other runs, 2 damaged" in outcome.out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "CREATE TABLE other AS SELECT neuron, list_transform(mean, lambda x: x + 0.1)::DOUBLE[16] AS mean, sum "
            "FROM own_means ORDER BY neuron; DROP TABLE own_means; ALTER TABLE other RENAME TO own_means",
            "layer0:3: the stored scores",
        ),
        ("UPDATE images SET thumbnail = 'x'::BLOB WHERE image = 5", "image 5: the thumbnail is damaged"),
        ("UPDATE neurons SET representatives = representatives + 1 WHERE unit = 4", "layer1:4: the stored scores"),
        ("UPDATE templates SET embedding = list_transform(embedding, lambda x: 'nan'::FLOAT)::FLOAT[16]", "not finite"),
    ],
)
def test_a_run_file_that_was_tampered_with_is_reported_with_status_1(
    mammi: Mammi, run_path: Path, tmp_path: Path, change: str, said: str
) -> None:
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)
    with changed(path) as connection:
        connection.execute(change)
    outcome = mammi("doctor", path)
    assert outcome.status == 1
    assert said in outcome.out
    assert "compute the run again" in outcome.err


def test_what_connects_neurons_to_outputs_is_told_and_what_is_not_kept(mammi: Mammi, tmp_path: Path) -> None:
    path = decided_run(tmp_path)
    with changed(path) as connection:
        lack = ["unit maps", "[keep] maps is \x1b[31mfalse.", "[keep] maps = true, then mammi run CONFIG.toml"]
        connection.execute("UPDATE decision_facts SET missing = ?", [json.dumps([lack])])
    outcome = mammi("doctor", path)
    assert outcome.status == 0
    assert "  outputs     7 with sigmoid, predicted from 0.5\n" in outcome.out
    assert "  head        linear, its 8 inputs given by layer0\n" in outcome.out
    said = "[keep] maps is ␛[31mfalse. To add: [keep] maps = true, then mammi run CONFIG.toml"
    assert f"Not kept\n  unit maps   {said}\n" in outcome.out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "UPDATE film_outputs SET outputs = 'aaaabbbbccccddddeeeeffffgggg'::BLOB WHERE image = 0",
            "image 0: its outputs",
        ),
        ("DELETE FROM film_activations WHERE image = 59", "image 59: a row of its activations is missing"),
    ],
)
def test_outputs_and_rows_that_were_changed_are_reported(mammi: Mammi, tmp_path: Path, change: str, said: str) -> None:
    path = decided_run(tmp_path)
    with changed(path) as connection:
        connection.execute(change)
    outcome = mammi("doctor", path)
    assert outcome.status == 1
    assert said in outcome.out


def test_rows_that_were_deleted_are_reported(mammi: Mammi, run_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.duckdb"
    shutil.copy(run_path, path)
    with changed(path) as connection:
        connection.execute("DELETE FROM image_embeddings WHERE image = 3")
    outcome = mammi("doctor", path)
    assert outcome.status == 1
    assert "its image embeddings are not as they were written" in outcome.err


def test_nothing_from_a_hostile_run_reaches_the_terminal(mammi: Mammi, hostile_run_path: Path) -> None:
    outcome = mammi("doctor", hostile_run_path)
    assert outcome.status == 0
    assert "\x1b" not in outcome.out
    assert "\u202e" not in outcome.out


@pytest.mark.slow
def test_what_is_likely_wrong_with_the_inputs_is_reported_after_a_run_and_later(mammi: Mammi, tmp_path: Path) -> None:
    """Also by a run that takes over every image from the one before."""
    project = tiny_project(tmp_path)
    unnormalised = "target.preprocessing={ size = 32, crop = 32, channels = 1, mean = 0.0, std = 1.0 }"
    said = "the target model's inputs go from 0 to 1, not normalised: give the mean and std of the training in your"
    for alpha in (0.9, 0.8):
        ran = mammi("run", project, "--set", unnormalised, "--set", f"run.alpha={alpha}")
        assert ran.status == 0
        assert ran.err.count(f"warning: {said}") == 1
    outcome = mammi("doctor", tmp_path / "tiny.duckdb")
    assert outcome.status == 0
    assert f"Warnings\n              {said}" in outcome.out
    assert "The run file is sound." in outcome.out
    assert mammi("run", project).status == 0
    assert "Warnings" not in mammi("doctor", tmp_path / "tiny.duckdb").out
