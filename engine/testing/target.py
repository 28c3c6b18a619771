"""The promises of engine.targets.base.TargetModel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.errors import UnreadableImage
from engine.targets.base import TargetModel, Viewing
from engine.testing.promises import expect, films, from_threads, narrow_films, only

if TYPE_CHECKING:
    import torch

    from engine.targets.outputs import Reading

TOLERANCE = 1e-3
"""How far an output may move with its batch, as a share of the largest output"""


def check_target(load: Callable[[], TargetModel]) -> None:
    """Checks a target model. `load` returns a new one at each call, on the CPU."""
    target = load()
    _check_facts(target)
    inputs = _check_preprocess(target)
    readings = _readings(target, inputs)
    outputs = _check_module(target, inputs, readings)
    again = load()
    expect(again.identity == target.identity, "identity must be the same whenever the target model is loaded")
    same = _close(_outputs(again, inputs, readings), outputs)
    expect(same, "a target model of the same identity must give the same outputs: is a weight left at random?")


def _check_facts(target: TargetModel) -> None:
    import torch

    expect(isinstance(target.module, torch.nn.Module), f"module must be an nn.Module, not a {type(target.module)}")
    for name in ("name", "identity"):
        value = getattr(target, name)
        expect(isinstance(value, str) and value, f"{name} must be a text that is not empty, not {value!r}")
    are_texts = isinstance(target.classes, tuple) and all(isinstance(name, str) for name in target.classes)
    expect(are_texts, f"classes must be a tuple of texts, not {target.classes!r}")
    elsewhere = {str(parameter.device) for parameter in target.module.parameters()} - {"cpu"}
    expect(not elsewhere, f"module must be on the CPU, not on {', '.join(elsewhere)}")


def _check_preprocess(target: TargetModel) -> torch.Tensor:
    import torch

    examples = films()
    before = [film.copy() for film in examples]
    inputs = [target.preprocess(film) for film in examples]
    for tensor in inputs:
        expect(isinstance(tensor, torch.Tensor), f"preprocess must return a tensor, not a {type(tensor).__name__}")
        expect(tensor.dtype == torch.float32, f"preprocess must return float32, not {tensor.dtype}")
        expect(tensor.device.type == "cpu", f"preprocess must return a tensor on the CPU, not on {tensor.device}")
        expect(torch.isfinite(tensor).all(), "preprocess must return finite numbers")
        shapes = f"{list(inputs[0].shape)} and {list(tensor.shape)}"
        expect(tensor.shape == inputs[0].shape, f"preprocess must return one shape for films of any size, not {shapes}")
    unchanged = all(np.array_equal(film, copy) for film, copy in zip(examples, before, strict=True))
    expect(unchanged, "preprocess must not change the film that it is given")
    for results in from_threads(target.preprocess, examples):
        same = all(map(torch.equal, results, inputs))
        expect(same, "preprocess must return the same input for a film each time, also from several threads at once")
    if isinstance(target.preprocess, Viewing):
        _check_views(target.preprocess, examples)
    for film in narrow_films():
        with only(UnreadableImage, f"preprocess of a film of {film.shape[0]} × {film.shape[1]} pixels"):
            target.preprocess(film)
    return torch.stack(inputs)


def _check_views(preprocess: Viewing, examples: Sequence[NDArray[np.uint8]]) -> None:
    for film in examples:
        view = preprocess.view(film.copy())
        shown = f"{view.dtype} {list(view.shape)}" if isinstance(view, np.ndarray) else type(view).__name__
        grey = isinstance(view, np.ndarray) and view.dtype == np.uint8 and view.ndim == 2
        expect(grey, f"view must return an 8-bit grey film, uint8 [h, w], not {shown}")
        expect(np.array_equal(preprocess.view(film), view), "view must return the same for a film each time")


def _check_module(target: TargetModel, inputs: torch.Tensor, readings: Mapping[str, Reading]) -> torch.Tensor:
    import torch

    outputs = _outputs(target, inputs, readings)
    shape = list(outputs.shape)
    expect(shape[:1] == [len(inputs)], f"module must return a row for each of {len(inputs)} images, not {shape}")
    if target.classes:
        count = len(target.classes)
        expect(shape[-1] == count, f"module must return an output for each of the {count} classes, not {shape[-1]}")
    expect(
        torch.equal(_outputs(target, inputs, readings), outputs),
        "module must return the same outputs for the same inputs",
    )
    alone = torch.cat([_outputs(target, single[None], readings) for single in inputs])
    expect(_close(alone, outputs), "module must return the same outputs for an image in any batch")
    return outputs


def _readings(target: TargetModel, inputs: torch.Tensor) -> Mapping[str, Reading]:
    """How to take the classes' outputs from what the module returns."""
    from engine.targets.base import LOGITS
    from engine.targets.probe import probe, read

    gave = probe(target.module, [LOGITS], inputs[:2])[LOGITS]
    reading = read(LOGITS, gave, None, len(target.classes), "auto")
    is_clear = not isinstance(reading, str)
    expect(is_clear or "" in gave.found, f"what module returns must hold the classes' outputs: it {reading}")
    return {} if isinstance(reading, str) else {LOGITS: reading}


def _outputs(target: TargetModel, inputs: torch.Tensor, readings: Mapping[str, Reading]) -> torch.Tensor:
    """What the layer "logits" gives, [n, units]."""
    import torch

    from engine.targets.base import LOGITS
    from engine.targets.taps import Taps

    module = target.module.eval()
    with torch.inference_mode(), Taps(module, [LOGITS], "mean", "auto", readings) as taps:
        module(inputs)
        return taps.pooled()[LOGITS]


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return one.shape == other.shape and bool((one - other).abs().max() <= TOLERANCE * other.abs().max())
