"""What the command palette offers beside Textual's own commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from mammi_tui.neurons.order import ORDERS
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.text import clean
from mammi_tui.widgets.slider import shown


class Command(NamedTuple):
    name: str
    help: str
    run: Callable[[], object]


class ExplorerCommands(Provider):
    """Go to a layer, move α and β back, sort, filter, films on and off."""

    def _commands(self) -> Iterator[Command]:
        explorer = self.app.screen_stack[0]
        if not isinstance(explorer, ExplorerScreen):
            return
        own = explorer.reader.info
        yield Command(
            f"α {shown(own.alpha)}, β {shown(own.beta)}: back to the run's own",
            "The α and β that the run was computed with",
            explorer.action_own_cuts,
        )
        yield Command("Filter neurons", "By unit, concept, class, finding, verdict or evidence", explorer.action_filter)
        yield Command("Concepts", "Of the neuron, by concept score", partial(explorer.turn_to, "concepts"))
        yield Command("Evidence", "How far the neuron's words can be trusted", partial(explorer.turn_to, "evidence"))
        yield Command("Methods side by side", "What each says of the neuron", partial(explorer.turn_to, "methods"))
        for order in ORDERS:
            yield Command(f"Sort neurons by {order}", "Within each layer", partial(explorer.action_sort, order))
        sets = [known.name for known in explorer.reader.concept_sets]
        for concept_set in [None, *sets] if len(sets) > 1 else []:
            yield Command(
                f"Concept set {clean(concept_set)}" if concept_set else "All concept sets",
                "Which concepts compete",
                partial(explorer.choose_concept_set, concept_set),
            )
        yield Command("Next undecided neuron", "Goes on with the triage", partial(explorer.action_undecided, 1))
        yield Command("Films on or off", "Show films, or only their names", explorer.action_films)
        for position, layer in enumerate(explorer.rows.layers):
            name = f"Go to layer {clean(layer.name)}"
            yield Command(name, f"{layer.units} units", partial(explorer.go_to_layer, position))

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(Text(command.name), command.run, text=command.name, help=command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            if (score := matcher.match(command.name)) > 0:
                yield Hit(score, Text(command.name), command.run, text=command.name, help=command.help)
