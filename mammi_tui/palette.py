"""The explorer's commands in the command palette, beside those of the app."""

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
    """Offers views, sort orders, concept sets, layers, and actions whose keys need not be remembered."""

    def _commands(self) -> Iterator[Command]:
        explorer = self.app.screen_stack[0]
        if not isinstance(explorer, ExplorerScreen):
            return
        looking = explorer.looking
        own = looking.reader.info
        yield Command(
            f"α {shown(own.alpha)}, β {shown(own.beta)}: back to the run's own",
            "The α and β that the run was computed with",
            explorer.action_own_cuts,
        )
        yield Command("Filter neurons", "By unit, concept, class, finding, verdict or evidence", explorer.action_filter)
        for view in explorer.views:
            if view.shows(looking.subject):
                yield Command(view.title, view.purpose, partial(explorer.turn_to, view))
        yield Command("Back", "To the neuron and view before", partial(explorer.action_history, -1))
        yield Command("Forward", "To the neuron and view that Back left", partial(explorer.action_history, 1))
        for order in ORDERS:
            yield Command(f"Sort neurons by {order}", "Within each layer", partial(explorer.action_sort, order))
        sets = [found.name for found in looking.reader.concept_sets]
        for concept_set in [None, *sets] if len(sets) > 1 else []:
            yield Command(
                f"Concept set {clean(concept_set)}" if concept_set else "All concept sets",
                "Which concepts compete",
                partial(explorer.cuts_bar.choose_concept_set, concept_set),
            )
        yield Command("Next undecided neuron", "Continue the triage", partial(explorer.action_undecided, 1))
        yield Command("Films on or off", "Show films, or only their names", explorer.action_films)
        for position, layer in enumerate(looking.rows.layers):
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
