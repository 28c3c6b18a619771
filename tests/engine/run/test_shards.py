"""Shards, merged, give the run of one process, compute nothing twice, and say what is lacking."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from engine.config.settings import load_config
from engine.errors import ConfigError, MammiError, RunFileError
from engine.probing import film_set
from engine.run.merging import merge, ranges
from engine.run.pipeline import run
from engine.run.shards import places_of, run_shard, shard_name
from engine.store import shard_files
from engine.store.part_file import PartFile
from engine.store.reader import RunReader
from engine.store.shard_files import ShardFolder, ShardName
from engine.store.work import WorkFile, work_path
from tests.support.models import TinyVLM, tiny_project, write_film
from tests.support.tiny_runs import Heard, compute, counted_calls


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path)


def shard(project: Path, text: str, *overrides: str) -> Heard:
    heard = Heard()
    run_shard(load_config(project, overrides), shard_name(text), heard)
    return heard


def merged(project: Path, *overrides: str, keep: bool = False) -> Heard:
    heard = Heard()
    merge(load_config(project, overrides), heard, keep)
    return heard


def folder(project: Path) -> ShardFolder:
    return ShardFolder(project.with_name("tiny.duckdb"))


def content(project: Path) -> str:
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        return reader.info.content_hash


@pytest.mark.parametrize(
    ("images", "total", "batch"), [(14, 3, 4), (1200, 3, 32), (112_120, 64, 32), (5, 8, 4), (0, 1, 1)]
)
def test_each_film_is_of_one_shard_in_whole_batches(images: int, total: int, batch: int) -> None:
    shards = [places_of(ShardName(number, total), images, batch) for number in range(1, total + 1)]
    assert sorted(place for places in shards for place in places) == list(range(images))
    assert all(places[start] % batch == 0 for places in shards for start in range(0, len(places), batch))
    if images > 24 * batch * total:
        assert max(map(len, shards)) < 1.1 * min(map(len, shards))


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "1", "-1/3", "a/b", "1/2/3", "١/٣", "1/1000000000"])
def test_what_is_no_shard_is_told(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--shard .*: (write I/N|a run is divided|the shards of)"):
        shard_name(text)


def test_merged_shards_are_the_run_of_one_process(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project.parent / "films" / "003.png").write_bytes(b"no film")
    compute(project)
    expected = content(project)
    project.with_name("tiny.duckdb").unlink()
    calls = counted_calls(monkeypatch)
    for text in ("2/3", "1/3", "3/3"):
        shard(project, text)
    assert sum(calls["images"]) == 13
    read: list[str] = []
    reading = film_set.read_film
    monkeypatch.setattr(film_set, "read_film", lambda file: read.append(Path(file).name) or reading(file))
    merged(project)
    assert set(read) == {"000.png"}  # which shows how the target model comes to its outputs
    assert sum(calls["images"]) == 13
    assert content(project) == expected
    assert {path.name for path in project.parent.glob("tiny.duckdb*")} == {"tiny.duckdb"}


def test_what_a_shard_has_computed_is_not_computed_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted_calls(monkeypatch)
    shard(project, "1/3")
    done = sum(calls["images"])
    assert shard(project, "1/3").computed == {"images": 0}  # loads nothing
    _stop_after(monkeypatch, 1)
    with pytest.raises(KeyboardInterrupt):
        shard(project, "1/1")
    monkeypatch.undo()
    calls = counted_calls(monkeypatch)
    shard(project, "1/2")
    shard(project, "2/2")
    assert sum(calls["images"]) == 14 - done - 4
    merged(project)
    assert sum(calls["images"]) == 14 - done - 4


def _stop_after(monkeypatch: pytest.MonkeyPatch, batches: int) -> None:
    encode, seen = TinyVLM.encode_images, []

    def stopping(self: TinyVLM, batch: object) -> object:
        seen.append(0)
        if len(seen) > batches:
            raise KeyboardInterrupt
        return encode(self, batch)  # type: ignore[arg-type]

    monkeypatch.setattr("engine.run.image_pass.embed_again", lambda *_: None)
    monkeypatch.setattr(TinyVLM, "encode_images", stopping)


def test_shards_and_a_run_in_one_process_take_over_from_each_other(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        _stop_after(patch, 2)
        with pytest.raises(KeyboardInterrupt):
            compute(project)
    calls = counted_calls(monkeypatch)
    shard(project, "1/2")
    assert sum(calls["images"]) == 4  # of 0-3 and 8-11, of which the stopped run has computed those up to 7
    assert compute(project).computed["images"] == 2
    assert sum(calls["images"]) == 6
    assert not folder(project).path.exists()


def test_a_merge_names_the_shards_to_run(project: Path) -> None:
    with pytest.raises(MammiError, match="no shard has been computed"):
        merged(project)
    shard(project, "2/3")
    with pytest.raises(MammiError) as told:
        merged(project)
    assert str(told.value) == (
        f"{folder(project).path}: 10 of 14 films are lacking: of shards 1,3 of 3.\n"
        f"Run `mammi run {project} --shard I/3` for I = 1,3, then `mammi merge {project}`."
    )
    with folder(project).open(ShardName(3, 3)) as running:
        running.put_facts(shard="3/3")
        with pytest.raises(MammiError, match=r"shard 3 of 3 is being computed"):
            merged(project)
    assert ranges([1, 2, 3, 5, 7, 8]) == "1-3,5,7-8"


def test_a_film_that_has_changed_is_lacking(project: Path) -> None:
    shard(project, "1/1")
    film = project.parent / "films" / "005.png"
    os.utime(film, ns=(0, 0))  # touched, and the same
    write_film(film.with_name("006.png"), seed=99)
    with pytest.raises(MammiError, match=r"1 of 14 films are lacking: of shard 1 of 1"):
        merged(project)
    assert shard(project, "1/1").computed["images"] == 1
    merged(project)
    with RunReader(project.with_name("tiny.duckdb")) as reader:
        assert reader.image_count == 14


def test_shards_of_another_configuration_are_named(project: Path) -> None:
    shard(project, "1/2", "target.pooling=max")
    heard = shard(project, "2/2")
    told = "was made with another configuration: target.pooling = 'max' there, 'mean' here"
    assert len(heard.notes) == 1
    assert told in heard.notes[0]
    with pytest.raises(MammiError, match=f"8 of 14 films are lacking.*{told}"):
        merged(project)
    shard(project, "1/2")
    merged(project)
    [left] = folder(project).sealed()  # it may serve the other configuration
    with PartFile.sealed(left) as file:
        assert file.facts()["config"]["target"]["pooling"] == "max"


def test_what_two_processes_cannot_do_at_once_is_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_files, "_WAIT", 0)
    with folder(project).open(ShardName(1, 2)):
        with pytest.raises(RunFileError, match="shard 1/2 is being computed"):
            shard(project, "1/2")
        with pytest.raises(RunFileError, match=r"are computing shards of this run \(1/2\)"):
            compute(project)
    with WorkFile(work_path(project.with_name("tiny.duckdb"))):
        with pytest.raises(RunFileError, match="a run or a merge is going on"):
            shard(project, "1/2")
        with pytest.raises(RunFileError, match="is writing it"):
            merged(project)


def test_what_is_whole_in_a_damaged_shard_is_merged(project: Path) -> None:
    compute(project)
    expected = content(project)
    project.with_name("tiny.duckdb").unlink()
    shard(project, "1/1")
    [path] = folder(project).sealed()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE results SET data = zeroblob(length(data)) WHERE image = 1")
    connection.close()
    with pytest.raises(MammiError, match=r"1 of 14 films are lacking: of shard 1 of 1") as told:
        merged(project)
    assert "\n" in str(told.value)  # and the command
    assert (path.with_name(f"{path.name}.damaged")).exists()
    assert shard(project, "1/1").computed["images"] == 4  # its batch
    assert merged(project).notes == []
    assert content(project) == expected


def test_a_shard_that_cannot_be_read_is_set_aside(project: Path) -> None:
    shard(project, "1/1")
    [path] = folder(project).sealed()
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(RunFileError, match=rf"{path.name}: it is damaged .*`mammi merge` for shards, sets it aside"):
        shard(project, "1/2")
    heard = compute(project)
    assert heard.notes == [
        f"warning: {path}: it was damaged; none of it is whole, the rest must be computed again. The damaged file is "
        f"kept as {path.name}.damaged."
    ]
    assert heard.computed["images"] == 14


def test_names_that_no_shard_has_are_no_shards(project: Path) -> None:
    folder(project).path.mkdir()
    for name in ("0-of-0.work", "3-of-2.work", "1-of-999999999.work", "notes.work"):
        (folder(project).path / name).write_bytes(b"")
    assert folder(project).newest_total() is None
    assert folder(project).seal_abandoned() == []


def test_a_sealed_file_needs_no_right_to_write(project: Path) -> None:
    shard(project, "1/1")
    [path] = folder(project).sealed()
    path.chmod(0o400)
    path.parent.chmod(0o500)
    try:
        merged(project, keep=True)
    finally:
        path.parent.chmod(0o700)
    assert content(project)
    assert folder(project).sealed() == [path]
    assert merged(project, "run.alpha=0.8").computed["films"] == 0


def test_a_merge_after_the_merge_changes_nothing(project: Path) -> None:
    shard(project, "1/1")
    merged(project)
    assert merged(project).notes == [
        f"{project.with_name('tiny.duckdb')} is whole, and there is no shard of it. `mammi run` says whether it is up "
        "to date."
    ]
    assert run(load_config(project), Heard())
