"""`mammi run` as a person meets it: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import ROOT
from tests.support.commands import Mammi
from tests.support.heavy import heavy_after
from tests.support.models import TinyVLM, tiny_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path)


def test_a_run_prints_its_file_and_tells_its_stages(
    mammi: Mammi, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    (project.parent / "films" / "003.png").write_bytes(b"no film")
    ended = mammi("run", "tiny.toml", "--set", "run.out=other/x.duckdb")
    out = project.parent / "other" / "x.duckdb"
    assert (ended.status, ended.out) == (0, f"{out}\n")
    assert out.is_file()
    *stages, aside = ended.err.splitlines()
    assert [line.split(" in ")[0] for line in stages] == [
        "loading: 4 of 4",
        "concepts: 6 of 6",
        "images: 14 of 14",
        "run file: 40 of 40",
    ]
    assert aside == "1 of 14 images set aside: 003.png: not a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM file"


def test_a_mistake_in_the_configuration_ends_with_2(mammi: Mammi, project: Path) -> None:
    ended = mammi("run", project, "--set", "target.pooling=avg")
    assert ended.status == 2
    assert ended.err == "mammi: --set target.pooling = \"avg\" is not one of 'mean', 'max' or 'cls'.\n"
    assert mammi("run", project.with_name("none.toml")).status == 2


def test_another_file_in_the_place_of_the_run_file_is_not_touched(mammi: Mammi, project: Path) -> None:
    out = project.with_name("tiny.duckdb")
    out.write_bytes(b"something else")
    ended = mammi("run", project)
    assert ended.status == 1
    *_, what, todo = ended.err.splitlines()
    assert what.startswith(f"mammi: {out}: not a")
    assert todo == f"If it is damaged, `mammi salvage {out}` takes over what is whole; else name another run.out."
    assert out.read_bytes() == b"something else"
    assert not project.with_name("tiny.duckdb.work").exists()


def test_a_stopped_run_says_how_to_go_on(mammi: Mammi, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(TinyVLM, "encode_images", stopped)
        ended = mammi("run", project)
    assert ended.status == 130
    assert ended.err.splitlines()[-1] == "mammi: Stopped. The next `mammi run` continues from here."
    assert mammi("run", project).status == 0


def test_warnings_of_the_engine_are_told(mammi: Mammi, project: Path) -> None:
    (project.parent / "labels.csv").write_text("path,labels\nnone.png,Mass\n005.png,Mass\n")
    ended = mammi("run", project, "--set", "probing.kind=csv", "--set", "probing.csv=labels.csv")
    assert ended.status == 0
    films = project.parent / "films"
    told = f"{project.parent / 'labels.csv'}: left out films that are not in {films}: 1 (none.png)."
    assert f"warning: {told}" in ended.err


SAMPLES = [path for path in (ROOT / "sample_configs").glob("*.toml") if not path.stem.startswith("tables_")]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_typo_is_found_before_anything_heavy_is_imported(sample: Path) -> None:
    arguments = ["mammi", "run", str(sample), "--set", "vlm.typo=1"]
    code = f"import sys; sys.argv = {arguments}; from mammi_tui.cli import main"
    assert heavy_after(f"{code}\ntry: main()\nexcept SystemExit as end: assert end.code == 2") == []


def test_workers_that_are_no_ray_cluster_end_with_2(mammi: Mammi, project: Path) -> None:
    ended = mammi("run", project, "--workers", "dask")
    assert ended.status == 2
    assert 'write "ray", "ray:auto" or "ray:HOST:PORT"' in ended.err
