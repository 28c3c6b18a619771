"""What is looked at (a neuron, α and β), and the questions that this raises."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from textual.screen import Screen

from engine.annotation.cuts import Cuts
from engine.errors import MammiError
from engine.requery import LayerAnswer, NeuronAnswer, Requery
from engine.store.reader import RunReader
from mammi_tui.lane import Lane, QuestionFailed
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.questions.messages import LayerAnswered, NeuronAnswered
from mammi_tui.questions.representatives import Representatives
from mammi_tui.questions.start import Start
from mammi_tui.text import clean


class NeuronQuestion(NamedTuple):
    neuron: Neuron
    cuts: Cuts


class LayerQuestion(NamedTuple):
    layer: int
    cuts: Cuts


class AskingScreen(Screen[None]):
    """Changes of `neuron` or `cuts` are followed by `ask`; answers come to `show_neuron` and
    `show_layer`.

    The neuron is asked first and the layers after it, each on its own lane, so an answer that is no longer wanted is
    dropped and none queues up.
    """

    def __init__(self, reader: RunReader, start: Start) -> None:
        super().__init__()
        self.reader = reader
        self.requery = Requery(reader)
        self.rows = NeuronRows(reader.layers, reader.concepts)
        self.neuron = self._first(start.neuron)
        self.cuts = start.cuts
        self.answer: NeuronAnswer | None = None
        self.neuron_lane = Lane(self, "neuron", self._neuron_wanted, self._ask_neuron)
        self.layer_lane = Lane(self, "layer", self._layer_wanted, self._ask_layer)
        self.lanes: list[Lane[Any]] = [self.neuron_lane, self.layer_lane]
        """In the order in which they are asked"""

    def show_neuron(self, answer: NeuronAnswer, representatives: Representatives) -> None:
        """Draws the neuron looked at."""
        raise NotImplementedError

    def show_layer(self, layer: int, answer: LayerAnswer) -> None:
        """Draws a layer's numbers at the present α and β."""
        raise NotImplementedError

    def ask(self) -> None:
        """Asks for what is wanted now and not on screen."""
        for lane in self.lanes:
            lane.pump()

    def ask_first(self) -> None:
        """Answers the first questions before the first frame: at the run's own α and β that takes milliseconds."""
        try:
            if neuron := self._neuron_wanted():
                self._take(self._ask_neuron(neuron))
            if layer := self._layer_wanted():
                self._take(self._ask_layer(layer))
        except MammiError as error:
            self.tell(error)

    @property
    def at_rest(self) -> bool:
        """Whether all that is wanted is on screen."""
        return all(lane.at_rest for lane in self.lanes)

    def answer_on_screen(self) -> NeuronAnswer | None:
        """The answer shown, when it is what is looked at now."""
        answer, neuron = self.answer, self.neuron
        if answer is None or neuron is None or not self._is_current(answer):
            return None
        return answer if (answer.layer, answer.unit) == (self.rows.layers[neuron.layer].name, neuron.unit) else None

    def neuron_name(self, neuron: Neuron) -> str:
        """`layer:unit`"""
        return f"{self.rows.layers[neuron.layer].name}:{neuron.unit}"

    def tell(self, error: MammiError) -> None:
        """Shows a failure that the reader can mend, and goes on."""
        self.notify(clean(str(error)), severity="warning", markup=False)

    def _is_current(self, answer: NeuronAnswer | LayerAnswer) -> bool:
        """Whether an answer is at the α and β and for the concept set looked at now."""
        return answer.cuts == self.cuts

    def _first(self, start: tuple[str, int] | None) -> Neuron | None:
        """Where to start: as asked, or at the first living unit of the last layer."""
        layers = self.rows.layers
        if start is not None:
            return Neuron([layer.name for layer in layers].index(start[0]), start[1])
        if not layers:
            return None
        last = len(layers) - 1
        living = [unit for unit in range(layers[last].units) if not self.rows.is_dead(Neuron(last, unit))]
        return Neuron(last, living[0] if living else 0)

    def _neuron_wanted(self) -> NeuronQuestion | None:
        if self.neuron is None or self.answer_on_screen() is not None:
            return None
        return NeuronQuestion(self.neuron, self.cuts)

    def _layer_wanted(self) -> LayerQuestion | None:
        """The neuron's layer, then the other open ones; all when there is a filter, as it looks at best concepts."""
        if self._neuron_wanted() is not None:
            return None
        layers = [self.neuron.layer] if self.neuron else []
        layers += range(len(self.rows.layers)) if self.rows.query else sorted(self.rows.open)
        for layer in layers:
            answer = self.rows.answers[layer]
            if answer is None or not self._is_current(answer):
                return LayerQuestion(layer, self.cuts)
        return None

    def _ask_neuron(self, question: NeuronQuestion) -> NeuronAnswered:
        name = self.rows.layers[question.neuron.layer].name
        answer = self.requery.neuron(name, question.neuron.unit, question.cuts)
        return NeuronAnswered(answer, Representatives(self.reader, answer))

    def _ask_layer(self, question: LayerQuestion) -> LayerAnswered:
        name = self.rows.layers[question.layer].name
        answer = self.requery.layer(name, question.cuts)
        return LayerAnswered(question.layer, answer, self.reader.findings(name))

    def on_neuron_answered(self, message: NeuronAnswered) -> None:
        if self.neuron_lane.settle():
            self._take(message)
        self.ask()

    def on_layer_answered(self, message: LayerAnswered) -> None:
        self.layer_lane.settle()
        if self._is_current(message.answer):
            self._take(message)
        self.ask()

    def _take(self, message: NeuronAnswered | LayerAnswered) -> None:
        if isinstance(message, NeuronAnswered):
            self.answer = message.answer
            self.show_neuron(message.answer, message.representatives)
        else:
            self.rows.answers[message.layer] = message.answer
            self.rows.findings[message.layer] = message.findings
            self.show_layer(message.layer, message.answer)

    def on_question_failed(self, message: QuestionFailed) -> None:
        next(lane for lane in self.lanes if lane.name == message.lane).settle(failed=True)
        self.tell(MammiError(message.reason))
        self.ask()

    def warm_up(self) -> None:
        """Loads, off the app's thread, what every later α and β needs."""
        self.run_worker(self._warm, name="warm", thread=True)

    def _warm(self) -> None:
        with suppress(MammiError):  # the question that needs it will say so
            self.requery.warm()
