"""Chooses the image backend that fits a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import ConfigError
from mammi_tui.images.ascii import AsciiBackend
from mammi_tui.images.base import ImageBackend
from mammi_tui.images.fitting import IMAGES_OPTIONS, Fit, Kind, cells_for, colours, fit
from mammi_tui.images.halfblock import HalfBlockBackend
from mammi_tui.images.off import OffBackend
from mammi_tui.images.quadrant import QuadrantBackend
from mammi_tui.images.shades import Shades


def choose_backend(name: str, environment: Mapping[str, str]) -> ImageBackend:
    """The backend for `--images name` in a terminal described by `environment`, and not asked for more.

    Raises ConfigError for a name that is none of IMAGES_OPTIONS.
    """
    if name not in IMAGES_OPTIONS:
        raise ConfigError(f"--images: {name!r} is none of {', '.join(IMAGES_OPTIONS)}")
    return backend_for(fit(name, environment, None, None), environment)


def backend_for(fit: Fit, environment: Mapping[str, str]) -> ImageBackend:
    """The backend that draws films as `fit` says."""
    if not fit.is_sharp:
        return _cells(fit.kind, environment)
    cells = _cells(cells_for(environment), environment)
    far = any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY"))
    if fit.kind == "kitty":
        from mammi_tui.images.kitty import KittyBackend  # what only some terminals need, the others need not wait for

        true_colour = fit.true_colour and colours(environment) == "truecolor"
        return KittyBackend(cells, cell=fit.cell, in_tmux=fit.through_tmux, true_colour=true_colour, far=far)
    from mammi_tui.images.sixel import SixelBackend

    return SixelBackend(
        cells, cell=fit.cell, registers=fit.registers, in_grids=fit.keeps_many, in_tmux=fit.through_tmux, far=far
    )


def _cells(kind: Kind, environment: Mapping[str, str]) -> ImageBackend:
    if kind == "off":
        return OffBackend()
    if kind == "ascii":
        return AsciiBackend()
    shades = Shades.ramp() if colours(environment) == "256" else Shades.true_colour()
    return HalfBlockBackend(shades) if kind == "halfblock" else QuadrantBackend(shades)
