"""The command palette: every action with its key, and neurons, classes and concepts by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

from textual.binding import ActiveBinding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.screen import Screen
from textual.style import Style

from mammi_tui.keyboard.remapped_app import keys_of
from mammi_tui.neurons.order import ORDERS
from mammi_tui.neurons.rows import Neuron
from mammi_tui.questions.subjects import ConceptSubject
from mammi_tui.screens.explorer import ExplorerScreen
from mammi_tui.screens.panes import PANES
from mammi_tui.text import clean, count
from mammi_tui.widgets.key_line import working_bindings
from mammi_tui.words import Words, folded

MOST = 30
"""Neurons, and concepts, that are offered for what is typed"""
_OPENS_PALETTE = "command_palette"


class Command(NamedTuple):
    name: str
    run: Callable[[], object]
    detail: str = ""
    keys: str = ""
    also: str = ""
    """Further words that find it; typed in full, they put it first"""


class WordProvider(Provider):
    """Offers commands for which every word that is typed begins a word."""

    def commands(self) -> Iterator[Command]:
        """The commands that are listed before anything is typed."""
        raise NotImplementedError

    def found(self, words: Words) -> Iterator[Command]:  # noqa: ARG002
        """Commands that come after the others, and only once something is typed. The best is first."""
        yield from ()

    async def discover(self) -> Hits:
        for command in self.commands():
            yield DiscoveryHit(_prompt(command), command.run, text=command.name)

    async def search(self, query: str) -> Hits:
        words = Words(query)
        commands = list(self.commands())
        names = [folded(f"{command.name} {command.also}") for command in commands]
        first = [commands[place] for place in words.among(names, len(names))]
        first.sort(key=lambda command: folded(command.also) != folded(query.strip()))
        for rank, command in enumerate((*first, *self.found(words))):
            yield Hit(1 / (1 + rank), _prompt(command), command.run, text=command.name)


class ExplorerCommands(WordProvider):
    """What can be done on the screen from which the palette was opened."""

    def __init__(self, screen: Screen[Any], match_style: Style | None = None) -> None:
        super().__init__(screen, match_style)
        self._concepts: list[str] = []
        self._neurons: list[Neuron] = []
        self._names: list[str] = []

    def commands(self) -> Iterator[Command]:
        seen: set[str] = set()
        for active in sorted(self._bindings(), key=lambda active: not active.binding.show):
            if (command := self._of_binding(active)) and command.name not in seen:
                seen.add(command.name)
                yield command
        if isinstance(self.screen, ExplorerScreen):
            yield from self._of_explorer(self.screen)
        for system in self.app.get_system_commands(self.screen):
            yield Command(system.title, system.callback, system.help)

    def _bindings(self) -> Iterator[ActiveBinding]:
        """The bindings that work now, then those of the panes without the focus."""
        yield from working_bindings(self.screen)
        if isinstance(self.screen, ExplorerScreen):
            for pane in PANES:
                node = self.screen.panes.reading(pane)
                yield from (ActiveBinding(node, binding, True) for _, binding in node._bindings)

    def _of_binding(self, active: ActiveBinding) -> Command | None:
        node, binding, enabled, _ = active
        if not enabled or not binding.id or not binding.description or _OPENS_PALETTE in binding.action:
            return None
        run = partial(self.app.run_action, binding.action, node)
        name = binding.tooltip or binding.description
        return Command(name, run, keys="  ".join(keys_of(node, binding.id)), also=binding.description)

    def _of_explorer(self, explorer: ExplorerScreen) -> Iterator[Command]:
        looking = explorer.looking
        first = explorer.first_view(looking.subject)
        if explorer.view_pane.view is not first:
            yield Command(first.purpose, partial(explorer.turn_to, first), also=first.title)
        for order in ORDERS:
            yield Command(f"Sort neurons by {order}", partial(explorer.action_sort, order))
        for name, query in explorer.saved_filters.items():
            shown = clean(name)
            yield Command(f"Filter by {shown}", partial(explorer.apply, query), clean(query, 60), also="saved filter")
        if explorer.saved_filters:
            yield Command("Delete a saved filter", explorer.choose_filter_to_delete)
        sets = [found.name for found in looking.reader.concept_sets]
        for concept_set in [None, *sets] if len(sets) > 1 else []:
            yield Command(
                f"Concept set {clean(concept_set)}" if concept_set else "All concept sets",
                partial(explorer.cuts_bar.choose_concept_set, concept_set),
                "Which concepts compete",
            )
        for position, layer in enumerate(looking.rows.layers):
            name, units = f"Go to layer {clean(layer.name)}", count(layer.units, "unit")
            yield Command(name, partial(explorer.go_to_layer, position), units)

    # What the run holds

    def found(self, words: Words) -> Iterator[Command]:
        if not isinstance(self.screen, ExplorerScreen):
            return
        explorer, rows = self.screen, self.screen.looking.rows
        self._read(explorer)
        for place in words.among(self._concepts, MOST):
            concept = explorer.looking.reader.concepts[place]
            name = clean(concept)
            yield Command(f"Neurons with {name}", partial(explorer.find_concept, concept), "concept")
            yield Command(f"Concept {name}", partial(explorer.look_at, ConceptSubject(place)), "where it stands")
        for place in words.among(self._names, MOST):
            neuron = self._neurons[place]
            name = clean(f"{rows.name_of(neuron)} {rows.class_of(neuron)}".rstrip())
            yield Command(name, partial(explorer.show_neuron, neuron), clean(explorer.best_concept(neuron)))

    def _read(self, explorer: ExplorerScreen) -> None:
        """Folds the names of concepts and neurons once. Neurons with a class come first."""
        if self._neurons:
            return
        rows = explorer.looking.rows
        self._concepts = [folded(f"{concept} neurons with concept") for concept in explorer.looking.reader.concepts]
        self._neurons = [Neuron(layer, unit) for layer, info in enumerate(rows.layers) for unit in range(info.units)]
        self._neurons.sort(key=lambda neuron: not rows.layers[neuron.layer].unit_names)
        self._names = [folded(f"{rows.name_of(neuron)} {rows.class_of(neuron)} neuron") for neuron in self._neurons]


class Themes(WordProvider):
    """The themes."""

    def commands(self) -> Iterator[Command]:
        for name in sorted(self.app.available_themes):
            yield Command(name, partial(setattr, self.app, "theme", name))


def _prompt(command: Command) -> Content:
    """What the palette shows of a command. Its colour is named, as a theme's may be one that Rich does not know."""
    parts: list[str | tuple[str, str]] = [command.name]
    if command.keys:
        parts.append((f"   {command.keys}", "$text-accent"))
    if command.detail:
        parts.append((f"   {command.detail}", "dim not bold"))
    return Content.assemble(*parts)
