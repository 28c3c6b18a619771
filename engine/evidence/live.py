"""How far the annotations of neurons can be trusted, live at any α and β, from an open run file."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

from engine.annotation.cuts import Cuts, Ranking, Selection
from engine.auditing.layers import LayerTraits, TraitFinder
from engine.auditing.wording import follows
from engine.evidence import alpha_path, confounds, enrichment, trust
from engine.evidence.answers import LayerEvidence, NeuronEvidence
from engine.evidence.beta_entries import beta_entries
from engine.evidence.by_concept import by_concept
from engine.evidence.column import LayerUnits
from engine.evidence.columns import ANNOTATED, TEMPLATE_BESTS, TRUST
from engine.evidence.contest import Contest
from engine.evidence.details import Floats, Group
from engine.evidence.followed import AT_ONCE, followed
from engine.evidence.groups import FLOOR, filled
from engine.evidence.image_columns import GROUP_COUNT
from engine.evidence.unit_table import unit_table
from engine.evidence.units import Probing
from engine.names import find_layer, find_unit
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

_TABLES, _OTHERS = 16, 4
"""Layers that are kept, each for one choice of images, concept set and ranking, and how many of them may be of another
choice than the last: those go first"""


class Evidence:
    """The evidence of whole layers and of single neurons. A neuron has the figures that its layer has for its unit.

    The first question about a layer, for a choice of images, a concept set and a ranking, computes all of it, and
    another β only grades it again. A neuron is computed alone while its layer is not. Any thread may ask; one layer is
    computed at a time.
    """

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._reader = reader
        self._requery = requery
        self._computing = threading.Lock()
        self._loading = threading.Lock()
        self._probing: Probing | None = None
        self._contests: dict[tuple[str | None, Ranking], Contest] = {}
        self._tables: dict[_Key, LayerUnits] = {}
        self.finder = TraitFinder(reader)
        """Looks at attributes of the films, which depend on no cut"""

    def layer(self, layer: str, cuts: Cuts) -> LayerEvidence:
        """Every unit of a layer. Raises MammiError for an unknown layer or concept set."""
        table = self._table(find_layer(layer, self._reader.layers), cuts)
        traits = self.traits_of(table.layer)
        figures = {**table.figures, ANNOTATED: self._requery.layer(layer, cuts).annotated}
        figures |= followed(traits, table.layer.units)
        evidence = LayerEvidence(layer, cuts, self._reader.image_count, figures, traits)
        return replace(evidence, figures={**figures, TRUST: trust.grade(evidence)})

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> NeuronEvidence:
        """All evidence of one neuron. Raises MammiError for an unknown neuron or concept set."""
        info = find_layer(layer, self._reader.layers)
        find_unit(unit, info)
        table = self._tables.get(_key(info, cuts)) or self._compute(info, cuts, unit)
        probing, contest = table.probing, table.contest
        members = self._requery.members(cuts.concept_set)
        images = self._requery.image_sets(info, np.array([unit]), table.counts[[unit]]).images
        scores = contest.competing.scores(table.means[[unit]])[0]
        z, p, adjusted, q = by_concept(table, unit, scores)

        def of_concepts(values: Floats) -> Floats:
            """From distinct directions [k] to all concepts [m]."""
            of_all = np.full(len(self._reader.concepts), np.nan)
            if len(images):
                of_all[members] = values[contest.competing.rows]
            return of_all

        entries = beta_entries(of_concepts(scores), members)
        figures = {column: values[unit] for column, values in table.figures.items()}
        figures[ANNOTATED] = np.count_nonzero(entries > cuts.beta)
        traits = self.traits_of(info)
        figures |= {column: values[unit] for column, values in followed(traits, info.units).items()}
        evidence = NeuronEvidence(
            *(layer, unit, cuts, self._reader.image_count, info.why_dead(unit), figures),
            sentence="",
            z_scores=of_concepts(z),
            p_values=of_concepts(p),
            adjusted_p_values=of_concepts(adjusted),
            q_values=of_concepts(q),
            centred_scores=of_concepts(contest.centred(scores)),
            beta_entries=entries,
            alpha_path=alpha_path.path(self._reader, self._requery, info, unit, cuts.selection, contest.competing),
            template_bests=tuple(zip(self._reader.other_templates, table[TEMPLATE_BESTS][unit].tolist(), strict=True)),
            base_tightness=probing.base_tightness,
            groups=self._groups(table, unit) if table[GROUP_COUNT][unit] > 1 else (),
            enrichments=enrichment.enrichments(images, probing.metadata),
            confounds=confounds.confounds(images, probing.metadata),
            follows=None if traits is None else self._follows(traits, unit),
            attributes=self._reader.has_attributes,
        )
        graded = replace(evidence, figures={**figures, TRUST: trust.grade(evidence)[()]})
        return replace(graded, sentence=trust.sentence(graded, self._reader.concepts))

    def traits_of(self, layer: LayerInfo, *, look: bool = False) -> LayerTraits | None:
        """A layer's units against the attributes of the films. On runs of more than AT_ONCE images, None before someone
        wanted to `look`."""
        if look or self._reader.image_count <= AT_ONCE:
            return self.finder.layer(layer)
        return self.finder.known(layer)

    def _follows(self, traits: LayerTraits, unit: int) -> str:
        place = int(traits.strongest[unit])
        return "" if place < 0 else follows(traits, unit, place, self.finder.strata.labels)

    @staticmethod
    def _groups(table: LayerUnits, unit: int) -> tuple[Group, ...]:
        """The groups of a unit that has several, with their images."""
        units, least = np.array([unit]), filled(table.contest.images)
        images = table.probing.requery.strongest(table.layer, units, table.counts[units], least, FLOOR).images
        return table.contest.groups.groups(images, table.contest.best)

    def _table(self, layer: LayerInfo, cuts: Cuts) -> LayerUnits:
        """The figures of a layer, computed when they are first asked for."""
        key = _key(layer, cuts)
        with self._computing:
            table = self._tables.pop(key, None) or self._compute(layer, cuts)
            self._tables[key] = table
            others = [kept for kept in self._tables if kept[1:] != key[1:]]
            same = [kept for kept in self._tables if kept[1:] == key[1:]]
            while len(others) > _OTHERS or len(self._tables) > _TABLES:
                del self._tables[(others or same).pop(0)]
            return table

    def _compute(self, layer: LayerInfo, cuts: Cuts, only: int | None = None) -> LayerUnits:
        """A layer's figures, or with `only` those of one of its units."""
        with self._loading:
            if self._probing is None:
                self._probing = Probing.of(self._reader, self._requery)
            contest = self._contest(self._probing, cuts.concept_set, cuts.ranking)
        return unit_table(self._probing, contest, layer, cuts, only)

    def _contest(self, probing: Probing, concept_set: str | None, ranking: Ranking) -> Contest:
        found = self._contests.get((concept_set, ranking))
        if found is None:
            competing = self._requery.competing(concept_set, ranking)
            other = next((each for (name, _), each in self._contests.items() if name == concept_set), None)
            found = Contest.of(competing, probing.population, other)
            self._contests[concept_set, ranking] = found
        return found


_Key = tuple[int, tuple[Selection, float], str | None, Ranking]


def _key(layer: LayerInfo, cuts: Cuts) -> _Key:
    return layer.position, cuts.reach, cuts.concept_set, cuts.ranking
