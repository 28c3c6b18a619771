"""The work file gives back what was put, whole, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.errors import RunFileError
from engine.store.batch import Batch, ProbedImage, VLMPart
from engine.store.work import WorkFile
from tests.shared import ROOT
from tests.support.runs import small_contents, target_part, vlm_part

ENDLESS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from engine.store.work import WorkFile
from tests.support.runs import small_contents, target_part, vlm_part
_, (batch, *_) = small_contents()
with WorkFile(Path(sys.argv[1])) as work:
    for number in range(100_000):
        work.put_target(f"target {number}", target_part(batch))
        work.put_vlm(f"vlm {number}", vlm_part(batch))
        print(number, flush=True)
"""


def _put(work: WorkFile, key: str, batch: Batch) -> None:
    work.put_target(f"target {key}", target_part(batch))
    work.put_vlm(f"vlm {key}", vlm_part(batch))


def _get(work: WorkFile, key: str) -> Batch:
    return Batch.joined(work.target_part(f"target {key}"), work.vlm_part(f"vlm {key}"))


def _same(one: Batch, other: Batch) -> bool:
    return (
        one.images == other.images
        and np.array_equal(one.embeddings, other.embeddings)
        and one.activations.keys() == other.activations.keys()
        and all(np.array_equal(one.activations[name], other.activations[name]) for name in one.activations)
    )


def test_a_batch_comes_back_as_it_was_put(tmp_path: Path) -> None:
    _, batches = small_contents(hostile=True)
    path = tmp_path / "it's a run.duckdb.work"
    with WorkFile(path) as work:
        assert not work.has("a")
        for give in (work.target_part, work.vlm_part):
            with pytest.raises(KeyError):
                give("a")
        for number, batch in enumerate(batches):
            _put(work, f"{number}", batch)
        _put(work, "0", batches[1])
    with WorkFile(path) as work:
        for number, batch in enumerate(batches):
            assert work.has(f"target {number}")
            assert work.has(f"vlm {number}")
            assert _same(_get(work, f"{number}"), batch)


def test_a_batch_of_broken_images_only(tmp_path: Path) -> None:
    broken = Batch(
        (ProbedImage(3, "ab", reason="truncated"),), np.empty((0, 4), np.float32), {"a:b": np.empty((0, 2), np.float32)}
    )
    with WorkFile(tmp_path / "work") as work:
        _put(work, "broken", broken)
        assert _same(_get(work, "broken"), broken)
        assert _get(work, "broken").embeddings.shape == (0, 4)


def test_a_part_that_a_model_set_every_image_aside_in(tmp_path: Path) -> None:
    _, (batch, *_) = small_contents()
    with WorkFile(tmp_path / "work") as work:
        work.put_target("target x", target_part(batch))
        work.put_vlm("vlm x", VLMPart(("no",) * len(batch.images), np.empty((0, 16), np.float32)))
        joined = _get(work, "x")
    assert (joined.usable, joined.target_whole, joined.vlm_whole) == (0, False, False)
    assert {layer: len(values) for layer, values in joined.activations.items()} == {"layer0": 0, "layer1": 0}


def test_arrays_by_key(tmp_path: Path) -> None:
    texts = np.arange(12, dtype=np.float32).reshape(3, 4)
    with WorkFile(tmp_path / "work") as work:
        work.put_array("texts", texts)
    with WorkFile(tmp_path / "work") as work:
        assert (work.has("other texts"), work.has("texts")) == (False, True)
        np.testing.assert_array_equal(work.get_array("texts"), texts)
        with pytest.raises(KeyError):
            work.get_array("other texts")


def test_a_killed_process_leaves_whole_batches(tmp_path: Path) -> None:
    path = tmp_path / "work"
    writer = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(path), str(ROOT)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert writer.stdout is not None
    last = [int(writer.stdout.readline()) for _ in range(12)][-1]
    os.kill(writer.pid, signal.SIGKILL)
    writer.communicate()
    _, (batch, *_) = small_contents()
    with WorkFile(path) as work:
        assert all(_same(_get(work, f"{number}"), batch) for number in range(last + 1))
        beyond = [number for number in range(last + 1, last + 1000) if work.has(f"vlm {number}")]
        assert all(_same(_get(work, f"{number}"), batch) for number in beyond)
        _put(work, "after", batch)
        assert _same(_get(work, "after"), batch)


def test_a_damaged_file_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "work"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(RunFileError, match="damaged") as caught:
        WorkFile(path)
    assert "\n" not in str(caught.value)


def test_a_second_run_is_told_to_wait(tmp_path: Path) -> None:
    path = tmp_path / "work"
    code = "import sys; from pathlib import Path; from engine.store.work import WorkFile; WorkFile(Path(sys.argv[1]))"
    with WorkFile(path):
        second = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, cwd=ROOT, check=False
        )
    assert "another process is writing it" in second.stderr
