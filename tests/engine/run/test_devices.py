"""A device is kept busy: it is given a batch before what it made of the last one is asked for. Too little memory makes
batches smaller, and ends no run."""

from __future__ import annotations

import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.config.settings import load_config
from engine.errors import MammiError
from engine.progress import Silent
from engine.run.films import Films
from engine.run.image_worker import ImageWorker
from engine.run.inputs import RunInputs
from engine.run.keys import part_keys
from engine.run.notes import Notes
from engine.run.pipeline import run
from engine.store.reader import RunReader
from engine.targets.compiling import blocks, compiled
from engine.targets.taps import Taps
from tests.support import models

WAITING = ("cpu", "item", "tolist", "nonzero", "numpy")
"""Methods of a tensor on a device that return only once the device has come so far"""


class RecordedDevice:
    """Stands for CUDA: keeps, in order, what this thread asks of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[str] = []
        self._thread = threading.get_ident()
        self._marks = 0
        device, to = self, Tensor.to

        class Event:
            def __init__(self) -> None:
                device._marks += 1
                self.number = device._marks

            def record(self, stream: object) -> None:
                device.add(f"mark {self.number}")

            def synchronize(self) -> None:
                device.add(f"wait {self.number}")

        def copy(tensor: Tensor, *given: Any, non_blocking: bool = False, **named: Any) -> Tensor:
            where = str(given[0]) if given and isinstance(given[0], (str, torch.device)) else ""
            if not where:
                return to(tensor, *given, **named)
            device.add(f"{'copy' if non_blocking else 'slow copy'} to {where}")
            return tensor

        monkeypatch.setattr(torch.cuda, "Event", Event)
        monkeypatch.setattr(torch.cuda, "current_stream", lambda device: None)
        monkeypatch.setattr(Tensor, "to", copy)
        monkeypatch.setattr(Tensor, "pin_memory", lambda tensor: self.add("pin") or tensor)
        for name in WAITING:
            self._record(monkeypatch, name)

    def add(self, call: str) -> None:
        if threading.get_ident() == self._thread:
            self.calls.append(call)

    def _record(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        method = getattr(Tensor, name)

        def recording(tensor: Tensor, *given: Any, **named: Any) -> Any:
            self.add(name)
            return method(tensor, *given, **named)

        monkeypatch.setattr(Tensor, name, recording)


def test_cuda_is_given_the_next_batch_before_the_last_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = models.tiny_project(tmp_path, films=6)
    config = load_config(project, ["run.batch_size=2", "keep.maps=false"])
    inputs = RunInputs(config, None, Notes())
    layers = [layer.name for layer in inputs.layers]
    parts = part_keys(config, inputs.target_identity, layers, inputs.vlm_identity, inputs.view_identity)
    _ = inputs.readings, inputs.last_part, inputs.vlm
    inputs.__dict__["device"] = torch.device("cuda")
    forward = type(inputs.target.module).forward
    device = RecordedDevice(monkeypatch)

    def passing(module: Any, films: Tensor) -> Tensor:
        device.add("target")
        return forward(module, films)

    monkeypatch.setattr(type(inputs.target.module), "forward", passing)
    monkeypatch.setattr("engine.run.image_pass.embed_again", lambda *_: None)
    worker = ImageWorker(config, Films(inputs.probing, by_name=False), parts, inputs)
    every = frozenset(key for key in parts.by_name().values() if key)
    with closing(worker.pieces(range(6), lambda _: every)) as pieces:
        assert sum(piece.images for piece in pieces if piece.computed is not None) == 6
    calls = device.calls
    passes = [place for place, call in enumerate(calls) if call == "target"]
    assert len(passes) == 3
    assert calls[passes[0] - 2 : passes[0]] == ["pin", "copy to cuda"]
    assert calls.count("pin") == 6  # the inputs of both models, of three batches
    assert not [call for call in calls if call.startswith("slow")]
    for batch in (1, 2):
        assert calls.index(f"wait {batch}") > passes[batch]
    told = [call for call in calls if call.startswith(("mark", "wait"))]
    assert told == ["mark 1", "mark 2", "wait 1", "mark 3", "wait 2", "wait 3"]
    for number in (1, 2, 3):  # from a batch's first copy to its mark nothing waits for the device
        assert not set(WAITING) & set(calls[passes[number - 1] - 2 : calls.index(f"mark {number}")])


def outputs(project: Path) -> Any:
    run(load_config(project, ["run.batch_size=8"]), Silent())
    with RunReader(project.parent / "tiny.duckdb") as reader:
        return reader.outputs


@pytest.mark.parametrize("model", [(models.TinyClassifier, "forward"), (models.TinyVLM, "encode_images")])
def test_too_little_memory_makes_batches_smaller(
    model: tuple[type, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "whole").mkdir()
    (tmp_path / "halved").mkdir()
    whole = outputs(models.tiny_project(tmp_path / "whole", films=10))
    method = getattr(*model)
    sizes = []

    def passing(self: Any, batch: Tensor) -> Tensor:
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        sizes.append(len(batch))
        return method(self, batch)

    monkeypatch.setattr(*model, passing)
    halved = outputs(models.tiny_project(tmp_path / "halved", films=10))
    assert sizes.count(2) >= 5
    assert max(sizes) == 2
    assert caplog.text.count("too little memory for 8 images at once: 4 from now on") == 1
    assert caplog.text.count("too little memory for 4 images at once: 2 from now on") == 1
    np.testing.assert_allclose(halved, whole, rtol=1e-5, atol=1e-6)


def test_too_little_memory_for_one_image_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def passing(self: Any, batch: Tensor) -> Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(models.TinyVLM, "encode_images", passing)
    with pytest.raises(MammiError, match=r'for a single image: set run\.device = "cpu"'):
        run(load_config(models.tiny_project(tmp_path), ["run.batch_size=3"]), Silent())


def test_blocks_are_compiled_between_the_taps(monkeypatch: pytest.MonkeyPatch) -> None:
    module = models.tiny_target().eval()
    films = torch.rand(2, 1, 32, 32)
    runs: list[str] = []
    names = {id(part): name for name, part in module.named_modules()}

    def compile_(forward: Any) -> Any:
        def compiled_forward(given: Tensor) -> Tensor:
            runs.append(names[id(forward.__self__)])
            return forward(given)

        return compiled_forward

    monkeypatch.setattr(torch, "compile", compile_)
    assert list(blocks(module)) == [module]
    with Taps(module, ["first", "logits"], "mean") as taps:
        taps.forward(films)
        plain = taps.pooled()
        with compiled(module):
            taps.forward(films)
            through = taps.pooled()
        taps.forward(films)
    assert runs == ["first", "second", "classifier"]
    for layer, values in plain.items():
        torch.testing.assert_close(through[layer], values)


@pytest.mark.parametrize(
    "faster", ['run.memory_format="channels_last"', "run.compile=true", "run.mixed_precision=true"]
)
def test_what_changes_the_last_digits_has_keys_of_its_own(faster: str, tmp_path: Path) -> None:
    project = models.tiny_project(tmp_path)

    def keys(*overrides: str) -> tuple[dict[str, str], str]:
        parts = part_keys(load_config(project, overrides), "target", ["first"], "vlm", "view")
        return dict(parts.layers), parts.outputs

    (layers, outputs), (others, others_outputs) = keys(), keys(faster)
    assert layers["first"] != others["first"]
    assert outputs != others_outputs
