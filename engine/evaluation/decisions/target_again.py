"""The target model and the films of a run again, from the run's configuration, for maps that the run file lacks."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from engine.config.settings import config_from, load_config
from engine.device import precision
from engine.errors import ConfigError, MammiError, failing_as
from engine.evaluation.decisions.pointing import Pair
from engine.probing.base import Image
from engine.probing.decoding import decode
from engine.run.inputs import RunInputs
from engine.run.keys import part_keys
from engine.run.notes import Notes
from engine.store.batch import Floats
from engine.store.parts import part_of_layer
from engine.store.reader import RunReader
from engine.targets.maps import MapTaps

_BATCH = 16
_SEED = 0


class TargetAgain:
    """The target model of a run, with its films by their index in the run.

    Raises ConfigError where the configuration leads to another model or other layers than the run's, and MammiError
    where a model or a film cannot be read.
    """

    def __init__(self, reader: RunReader, path: Path | None) -> None:
        """`path` is the run's configuration; None for the one that the run file keeps."""
        self._config = config_from(reader.path, reader.info.config) if path is None else load_config(path)
        self._reader = reader
        self._inputs = RunInputs(self._config, None, Notes())
        self._check(path or reader.path)
        self._by_path: dict[str, Image] = {image.path: image for image in self._inputs.probing.images}
        self._module = self._inputs.target.module.to(self._inputs.device).eval()

    def _check(self, path: Path) -> None:
        names = [layer.name for layer in self._reader.layers]
        keys = part_keys(self._config, self._inputs.target.identity, names, "", "").layers
        stored = self._reader.parts()
        other = [name for name in names if stored.get(part_of_layer(name)) != keys[name]]
        if other:
            raise ConfigError(
                f"{path}: leads to another target model than that of {self._reader.path}, or reads "
                f"{other[0]} in another way. Name the configuration that the run was made from: --config CONFIG.toml."
            )

    def maps(self, layer: str, pairs: Sequence[Pair]) -> dict[Pair, Floats]:
        """The maps [h, w] of a layer's units on images; {} for a layer without maps."""
        units: dict[int, list[int]] = {}
        for unit, image in pairs:
            units.setdefault(image, []).append(unit)
        found: dict[Pair, Floats] = {}
        images = sorted(units)
        channels, readings = self._config.taps.channels, self._inputs.readings
        with MapTaps(self._module, [layer], channels, readings) as taps:
            for start in range(0, len(images), _BATCH):
                some = images[start : start + _BATCH]
                maps = self._forward(taps, some).get(layer)
                if maps is None:
                    return {}
                for row, image in enumerate(some):
                    found |= {(unit, image): maps[row, unit] for unit in units[image]}
        return found

    def random_maps(self, layer: str, pairs: Sequence[Pair]) -> dict[Pair, Floats]:
        """As `maps`, of the model with random weights (`randomised`)."""
        with randomised(self._module):
            return self.maps(layer, pairs)

    def _forward(self, taps: MapTaps, images: Sequence[int]) -> Mapping[str, Floats]:
        films = torch.stack([self._input(info.path, info.sha256) for info in self._reader.images(images)])
        device = self._inputs.device
        what = f"target: the model failed on a batch of shape {list(films.shape)}"
        with torch.inference_mode(), precision(device, self._config.run.mixed_precision), failing_as(what):
            maps = taps.forward(films.to(device))
        return {name: each.cpu().numpy() for name, each in maps.items()}

    def _input(self, path: str, sha256: str) -> torch.Tensor:
        image = self._by_path.get(path)
        if image is None:
            raise MammiError(f"The configuration's probing set has no film {path}, which the run has.")
        data = self._inputs.probing.read(image)
        if sha256 and hashlib.sha256(data).hexdigest() != sha256:
            raise MammiError(f"{path} is another film than the one in the run: it was changed after the run.")
        with failing_as(f"target: preprocessing {path} failed"):
            return self._inputs.target.preprocess(decode(data))


@contextmanager
def randomised(module: torch.nn.Module) -> Iterator[None]:
    """The model with random weights within a `with` block, as Adebayo et al. do ("Sanity Checks for Saliency Maps",
    NeurIPS 2018). All of it: a dense or a residual block hands on what it was given, so that random weights in it alone
    leave many of its units as they were."""
    state = {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(_SEED)
            for child in module.modules():
                if callable(reset := getattr(child, "reset_parameters", None)):
                    reset()
                else:
                    for parameter in child.parameters(recurse=False):
                        parameter.normal_(std=float(parameter.std()) if parameter.numel() > 1 else 1.0)
        yield
    finally:
        module.load_state_dict(state)
