"""The concept view: where a concept stands in the run, and what is near it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult

from engine.decisions.contenders import NEAR
from engine.store.reader import RunReader
from mammi_tui.handing_on.table import CUTS, Table
from mammi_tui.neurons.filter.completion import written
from mammi_tui.neurons.rows import NeuronRows
from mammi_tui.notes import Note
from mammi_tui.questions.concept import ConceptAnswered, ConceptAsker
from mammi_tui.questions.evidence import LayerEvidenceAnswered
from mammi_tui.questions.layer import LayerAnswered
from mammi_tui.questions.subjects import ConceptSubject
from mammi_tui.text import clean, count
from mammi_tui.verdicts.lines import ConceptMark
from mammi_tui.views.base import View, ViewBody
from mammi_tui.views.concept_parts import Films, Namesake, NearConcepts, Neurons, PartOfList, Unclaimed
from mammi_tui.views.concept_sheet import ConceptSheet


class ConceptBody(ViewBody):
    def __init__(self, reader: RunReader) -> None:
        super().__init__(reader)
        self.sheet = ConceptSheet(id="concept")
        self._answered: ConceptAnswered | None = None

    def compose(self) -> ComposeResult:
        yield self.sheet

    @on(ConceptAnswered)
    def show_concept(self, message: ConceptAnswered) -> None:
        anew = self._answered is None or self._answered.question.subject != message.question.subject
        self._answered, self.shown = message, message.question.sight
        self.sheet.stale = False
        self._draw(anew=anew)
        self.changed()

    @on(LayerAnswered)
    @on(LayerEvidenceAnswered)
    def draw_again(self) -> None:
        """Draws the trust and the findings that have come, and verdicts beside the words that they are about."""
        if self._answered is not None and self.display:
            self._draw()

    def mark(self, marks: Mapping[str, ConceptMark]) -> None:  # noqa: ARG002
        self.draw_again()

    def _draw(self, *, anew: bool = False) -> None:
        if self._answered is not None and self.rows is not None:
            self.sheet.show(list(self._parts(self._answered, self.rows)), anew=anew)

    def _parts(self, message: ConceptAnswered, rows: NeuronRows) -> Iterator[PartOfList]:
        answer, concepts, cuts = message.answer, self.reader.concepts, message.question.cuts
        yield Namesake(message.namesake)
        having, missing = len(answer.having), len(answer.missing)
        best = f", best of {answer.best:,}" if having else ""
        absent = "No neuron has it at these cuts."
        if not answer.competes:
            absent = f"It is not in the concept set {clean(cuts.concept_set or '')}."
        has, misses = "has" if having == 1 else "have", "misses" if missing == 1 else "miss"
        titles = (f"{count(having, 'neuron')} {has} it{best}", f"{having:,} {has} it{best}", f"{having:,} {has} it")
        yield Neurons(titles, absent, answer.having, rows, cuts, message.findings)
        titles = (
            f"{count(missing, 'neuron')} narrowly {misses} it: rank 2–{NEAR}",
            f"{missing:,} narrowly {misses} it",
            f"{missing:,} near misses",
        )
        nothing = "None." if answer.competes else ""
        yield Neurons(titles, nothing, answer.missing, rows, cuts, message.findings)
        yield NearConcepts(answer.nearest, concepts)
        yield from self._films(message, rows)
        yield Unclaimed(answer.unclaimed, answer.competing, concepts)

    def _films(self, message: ConceptAnswered, rows: NeuronRows) -> Iterator[PartOfList]:
        neuron, matches = message.question.neuron, message.answer.matches
        concept = clean(self.reader.concepts[message.answer.concept])
        name = "" if neuron is None else clean(rows.name_of(neuron))
        shares = np.full(len(matches.images), None)
        numbers = zip(matches.cosines.tolist(), matches.activations.tolist(), shares, strict=True)
        titles: tuple[str, ...] = ("Films that match best", "Films that match", "Best films")
        if name:
            titles = (f"Films that match best, and {name} on them", *titles)
        of_list = f"films that match {concept}"
        yield Films(titles, "No film.", matches.images.tolist(), [*numbers], message.films, of_list, concept)
        if neuron is not None:
            cold = zip(
                matches.cold_cosines.tolist(), matches.cold_activations.tolist(), matches.higher.tolist(), strict=True
            )
            yield Films(
                (f"Films that match and leave {name} cold", "Films that match, cold", "Cold films"),
                f"Of the {matches.pool:,} that match best, none is below its median.",
                *(matches.cold.tolist(), [*cold], message.films),
                f"films that match {concept} and leave {name} cold",
                concept,
            )

    @on(ConceptSheet.Opened)
    def lead_on(self, event: ConceptSheet.Opened) -> None:
        event.stop()
        self.post_message(self.SubjectWanted(*event.lead))

    @on(ConceptSheet.FindWanted)
    def filter_by(self, event: ConceptSheet.FindWanted) -> None:
        event.stop()
        if self.sight is not None and isinstance(self.sight.subject, ConceptSubject):
            concept = clean(self.reader.concepts[self.sight.subject.concept])
            self.post_message(self.FilterWanted(f"concept:{written(concept)}"))

    def dim(self, old: bool) -> None:
        self.stale = old
        self.sheet.dim(old)

    def subtitle(self, room: int) -> str:
        if self._answered is None:
            return "computing …"
        answer = self._answered.answer
        having, near = count(len(answer.having), "neuron"), len(answer.missing)
        texts = (f"{having} · {near:,} narrowly missed", f"{having} · {near:,} missed", having)
        return next((text for text in texts if cell_len(text) <= room), "")

    def table(self) -> Table | None:
        """The neurons that have the concept or narrowly miss it."""
        if self._answered is None or self.rows is None:
            return None
        answer, cuts = self._answered.answer, self._answered.question.cuts
        columns = {
            "concept": "VARCHAR",
            **CUTS,
            "layer": "VARCHAR",
            "unit": "INTEGER",
            "annotated": "BOOLEAN",
            "rank": "INTEGER",
            "score": "DOUBLE",
            "z": "DOUBLE",
            "representatives": "INTEGER",
        }
        about = (self.reader.concepts[answer.concept], *cuts.as_fields().values())
        rows = [
            (*about, self.rows.layers[found.layer].name, found.unit, annotated, found.rank, found.score, found.z,
             found.images)
            for annotated, standings in ((True, answer.having), (False, answer.missing))
            for found in standings
        ]  # fmt: skip
        return Table("neurons", columns, rows)


CONCEPT = View(
    name="concept",
    title="Concept",
    purpose="Where a concept stands: its neurons, concepts near it, films that match it",
    body=ConceptBody,
    takes=(ConceptSubject,),
    asks=(ConceptAsker,),
    room="whole",
    help=Note(
        "The concept, part by part",
        (
            ("have it", "The neurons of all layers whose annotation has the concept at the present cuts, those of "
                        "which it is the best concept first. Verdict and trust stand before the name; trust is · "
                        "until the layer's evidence has been computed."),
            ("z", "The concept's score in standard deviations above its mean in random image sets of the same size."),
            ("narrowly miss", f"The neurons where it is among the first {NEAR}, but below the β cut."),
            ("nearest", "Other concepts by the cosine of the directions t − t_tem, which scores are products with: "
                        "near 1 means that both have nearly the same neurons. Texts with one template are all alike, "
                        "their directions are not. Then the neurons that have each, and those of which it is best."),
            ("films that match", "By the cosine of the film and the prompted concept, with the activation of the "
                                 "neuron that was looked at before."),
            ("cold", "Of the best-matching 1 % of all films (20 at least), those on which this neuron is below its "
                     "median, the lowest first, and the share of all films on which it is higher."),
            ("no neuron has", "The competing concepts in no annotation at these cuts, in the order of their set."),
        ),
    ),
)  # fmt: skip
