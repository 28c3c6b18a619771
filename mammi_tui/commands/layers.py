"""`mammi layers`: the layers of a configuration's target model, to choose from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mammi_tui.console.compute import need_engine
from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from engine.targets.layers import ListedLayer

SELECTED = "*"


@click.command("layers")
@click.argument("config", type=click.Path(path_type=Path))
@click.argument("patterns", metavar="[PATTERN]...", nargs=-1)
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Only names of at most N parts, such as a.b.c.")
@click.option("--set", "overrides", metavar="KEY=VALUE", multiple=True, help="Another value for a key of CONFIG.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def layers(
    config: Path, patterns: tuple[str, ...], depth: int | None, overrides: tuple[str, ...], as_json: bool
) -> None:
    """List the layers of the target model that CONFIG describes.

    Each line shows a layer's units, the shape of its output for one image, and its type, and says if the layer is
    random because weights are missing. A * marks the layers that target.layers selects. A PATTERN is a name or a glob
    as in target.layers: * stops at a dot, ** does not.

    \b
        mammi layers my_run.toml --depth 2
        mammi layers my_run.toml 'features.denseblock4.*'
    """
    need_engine("mammi layers")

    from engine.config.settings import load_config
    from engine.errors import ConfigError

    settings = load_config(config, overrides)

    from engine.targets.base import check_target
    from engine.targets.layers import list_layers
    from engine.targets.taps import resolve_layers

    target = settings.target.load(settings.base)
    check_target(target, "target")
    wanted = resolve_layers(target.module, patterns, "PATTERN") if patterns else None
    listing = list_layers(target, settings.taps.pooling, settings.taps.channels, settings.taps.output)
    selected: Collection[str] = ()
    wrong = None
    try:
        selected = resolve_layers(target.module, settings.taps.layers)
    except ConfigError as error:
        wrong = error  # raised after the list, which shows what to write instead
    shown = [
        layer
        for layer in listing.layers
        if (wanted is None or layer.name in wanted) and (depth is None or layer.name.count(".") < depth)
    ]
    if as_json:
        rows = [as_object(layer, layer.name in selected) for layer in shown]
        say_json({"target": target.name, "input": listing.input_shape, "layers": rows})
    else:
        from mammi_tui.text import count

        random = sum(bool(layer.untrained) for layer in listing.layers)
        say(
            f"{target.name}, input {by(listing.input_shape)}",
            f"{len(shown):,} of {count(len(listing.layers), 'layer')}, {len(selected):,} selected ({SELECTED})"
            f"{f', {random:,} random' if random else ''}",
            "",
            *as_table(shown, selected),
        )
    if wrong is not None:
        raise wrong


def as_object(layer: ListedLayer, selected: bool) -> dict[str, Any]:
    """A layer as JSON types, with `untrained` where it is random."""
    random = {"untrained": layer.untrained} if layer.untrained else {}
    return {
        "layer": layer.name,
        "module": layer.module,
        "shape": list(layer.shape) or None,
        "units": layer.units,
        "selected": selected,
        "problem": layer.problem or None,
        **random,
    }


def as_table(shown: Sequence[ListedLayer], selected: Collection[str]) -> Iterator[str]:
    """Layers as lines with aligned columns."""
    from mammi_tui.console.text_table import table
    from mammi_tui.text import clean

    units = ["units", *("" if layer.units is None else f"{layer.units:,}" for layer in shown)]
    widest = max(map(len, units))
    rows = [
        (
            f"{SELECTED if layer.name in selected else ' '} {clean(layer.name)}",
            f"{number:>{widest}}",
            by(layer.shape),
            clean(
                "; ".join(filter(None, (layer.module, layer.problem, layer.untrained and f"random: {layer.untrained}")))
            ),
        )
        for layer, number in zip(shown, units[1:], strict=True)
    ]
    yield from table(("  layer", f"{units[0]:>{widest}}", "output", "module"), rows)


def by(shape: Sequence[int]) -> str:
    """A shape as text, such as 1024 × 7 × 7."""
    return " × ".join(map(str, shape))
