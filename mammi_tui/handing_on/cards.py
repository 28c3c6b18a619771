"""Makes cards: what a run and its readers say of neurons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.annotation.cuts import Cuts
from engine.decisions.examples import Examples
from engine.errors import MammiError
from engine.evidence.answers import NeuronEvidence
from engine.evidence.live import Evidence
from engine.evidence.trust import sentence
from engine.requery import NeuronAnswer, Requery
from engine.store.reader import RunReader
from engine.store.records import ImageInfo
from engine.store.thumbnails import decode
from mammi_tui.film_labels import LabelOrder
from mammi_tui.findings import outlines
from mammi_tui.handing_on.card import Card, Film, Opinion, Said, Word
from mammi_tui.handing_on.identifiers import Identifiers
from mammi_tui.handing_on.phrases import range_words
from mammi_tui.neurons.marks import HOLLOW_MARKS, VERDICT_MARKS, VERDICT_WORDS
from mammi_tui.neurons.rows import Neuron, NeuronRows
from mammi_tui.text import above
from mammi_tui.verdicts.comparison import Compared, compared
from mammi_tui.verdicts.lines import Line
from mammi_tui.verdicts.standing import Judgement


class Cards:
    """Makes the cards of one run. `rows` hold what readers say; any thread may ask while they do not change."""

    def __init__(
        self,
        reader: RunReader,
        requery: Requery,
        evidence: Evidence,
        rows: NeuronRows,
        own: str,
        identifiers: Identifiers,
    ) -> None:
        """`own` is the name of the reader whose judgements are `rows.judgements`."""
        self._reader = reader
        self._requery = requery
        self._evidence = evidence
        self._rows = rows
        self._own = own
        self._identifiers = identifiers

    def card(self, neuron: Neuron, cuts: Cuts, films: int, examples: Examples | None = None) -> Card:
        """A neuron's card with at most so many films, or with `examples`."""
        layer = self._rows.layers[neuron.layer]
        answer = self._requery.neuron(layer.name, neuron.unit, cuts)
        evidence = self._evidence.neuron(layer.name, neuron.unit, cuts)
        return self.card_of(neuron, answer, evidence, films, examples)

    def card_of(
        self,
        neuron: Neuron,
        answer: NeuronAnswer,
        evidence: NeuronEvidence,
        films: int,
        examples: Examples | None = None,
    ) -> Card:
        """The card of an answer and its evidence, with its representative images or with `examples`."""
        concepts = self._reader.concepts
        annotated = [concepts[concept] for concept in answer.ranking[: answer.annotated].tolist()]
        stored = answer.cuts.reach == self._reader.info.cuts.reach
        finding = self._rows.findings[neuron.layer][neuron.unit] if stored else ""
        said = dict(self._judgements(neuron))
        found = self._compared(neuron, said)
        settled = found.settled if found else None
        return Card(
            *(answer.layer, answer.unit, self._rows.class_of(neuron), finding),
            *(answer.dead, len(answer.images), above(answer.cuts, answer.threshold)),
            by_z=answer.cuts.ranking == "z",
            words=[
                self._word(said, concepts[concept], float(answer.scores[concept]), float(answer.z_scores[concept]))
                for concept in answer.ranking[: answer.annotated].tolist()
            ],
            other_marks=[
                self._word(said, concept, float("nan"), float("nan"))
                for concept in dict.fromkeys(concept for judgement in said.values() for concept in judgement.concepts)
                if concept not in annotated
            ],
            trust=evidence.trust,
            sentence=self._sentence(evidence),
            said=[self._said(neuron, reader, judgement) for reader, judgement in said.items()],
            settled=self._opinion(neuron, settled) if settled else None,
            standing=_standing(found),
            carried=bool(found) and all(self._rows.is_hollow(neuron, line) for line in _lines(found)),
            films=list(self._films(examples or answer, annotated, films)),
            shown=f"{examples.range.title}: {range_words(examples)[0]}" if examples else "",
            groups=[(concepts[group.best], len(group.images)) for group in evidence.groups],
        )

    def _sentence(self, evidence: NeuronEvidence) -> str:
        """How far the words can be trusted; without attributes of the films where their values may name a place."""
        if self._identifiers.shown or not evidence.follows:
            return evidence.sentence
        return sentence(replace(evidence, follows=""), self._reader.concepts)

    def _judgements(self, neuron: Neuron) -> Iterator[tuple[str, Judgement]]:
        """What each reader says, by the reader's name; the names in their order."""
        rows = self._rows
        by_reader = {**rows.others, self._own: rows.judgements}
        for reader in sorted(by_reader):
            if judgement := by_reader[reader].get(neuron):
                yield reader, judgement

    def _compared(self, neuron: Neuron, said: dict[str, Judgement]) -> Compared | None:
        """The verdicts of all readers; None if there is none."""
        by_reader = {reader: {neuron: judgement} for reader, judgement in said.items()}
        return compared(by_reader, self._rows.settled).get(neuron)

    def _word(self, said: dict[str, Judgement], concept: str, score: float, z: float) -> Word:
        marks: dict[str, list[str]] = {"right": [], "wrong": []}
        for reader, judgement in said.items():
            line = judgement.concepts.get(concept)
            if line and line.deed.mark in marks:
                marks[line.deed.mark].append(self._identifiers.reader(reader))
        return Word(concept, score, z, tuple(marks["right"]), tuple(marks["wrong"]))

    def _said(self, neuron: Neuron, reader: str, judgement: Judgement) -> Said:
        verdict, label, note = judgement.verdict, judgement.label, judgement.note
        return Said(
            self._identifiers.reader(reader),
            self._opinion(neuron, verdict) if verdict else None,
            self._identifiers.label((label.deed.text or "") if label else ""),
            self._identifiers.note((note.deed.text or "") if note else ""),
        )

    def _opinion(self, neuron: Neuron, line: Line) -> Opinion:
        verdict = line.deed.verdict or "unsure"
        hollow = self._rows.is_hollow(neuron, line)
        return Opinion(
            VERDICT_WORDS[verdict],
            HOLLOW_MARKS[verdict] if hollow else VERDICT_MARKS[verdict][0],
            hollow,
            *(line.seen.annotation, line.seen.cuts, self._identifiers.reader(line.reader), line.role, line.time),
        )

    def _films(self, answer: NeuronAnswer | Examples, annotated: Sequence[str], most: int) -> Iterator[Film]:
        infos = self._reader.images(answer.images[:most].tolist())
        ranks = answer.ranks.tolist() if isinstance(answer, Examples) else range(1, len(infos) + 1)
        order = LabelOrder([info.labels for info in infos], annotated)
        for place, (info, activation) in enumerate(zip(infos, answer.activations[:most].tolist(), strict=True)):
            yield Film(
                *(ranks[place], self._picture(info), info.width, info.height, activation),
                labels=order.sorted(info.labels),
                name=info.path if self._identifiers.shown else "",
                findings=outlines(info),
            )

    def _picture(self, info: ImageInfo) -> bytes | None:
        encoded = self._reader.thumbnail(info.image)
        try:
            decode(encoded)
        except MammiError:
            return None
        return encoded


def _lines(found: Compared | None) -> Iterator[Line]:
    """The verdicts that stand for a neuron: the one that settles, else those that are compared."""
    if found:
        yield from (found.settled,) if found.settled else found.verdicts.values()


def _standing(found: Compared | None) -> str:
    """The verdict that stands for a neuron, in a word."""
    if found is None:
        return "undecided"
    if found.is_open:
        return "differ"
    line = found.settled or next(iter(found.verdicts.values()))
    return VERDICT_WORDS[line.verdict or "unsure"]
