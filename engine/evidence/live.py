"""How far the words of neurons can be trusted, live at any α and β, from an open run file."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np

from engine.annotation.cuts import Cuts
from engine.evidence import alpha_path, confounds, enrichment, trust
from engine.evidence.answers import Floats, LayerEvidence, NeuronEvidence, Trust
from engine.evidence.beta_entries import beta_entries
from engine.evidence.contest import Contest
from engine.evidence.trust import Figures
from engine.evidence.unit_table import Probing, UnitTable, judged, unit_table
from engine.names import find_layer, find_unit
from engine.requery import Requery
from engine.store.reader import RunReader
from engine.store.records import LayerInfo

_TABLES = 8
"""Layers that are kept, each at one α and for one concept set"""


class Evidence:
    """Of whole layers and of single neurons; what it says of a neuron is what it says of it as a unit of its layer.

    The first question about a layer, an α or a concept set computes the evidence of the whole layer. Another β only
    grades it anew. Any thread may ask; one computes at a time.
    """

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._reader = reader
        self._requery = requery
        self._computing = threading.Lock()
        self._probing: Probing | None = None
        self._contests: dict[str | None, Contest] = {}
        self._tables: dict[tuple[int, float, str | None], UnitTable] = {}

    def layer(self, layer: str, cuts: Cuts) -> LayerEvidence:
        """Every unit of a layer. Raises MammiError for an unknown layer or concept set."""
        info = find_layer(layer, self._reader.layers)
        probing, _, table = self._known(info, cuts)
        figures = Figures(
            cuts.alpha,
            self._reader.image_count,
            table.counts,
            self._requery.layer(layer, cuts).annotated,
            table.patients,
            table.q_values,
            table.change_chances,
            table.alpha_lows,
            table.alpha_highs,
            table.half_agreements,
            table.template_agreements,
            table.two_groups,
            table.patient_shares,
        )
        return LayerEvidence(
            *(layer, cuts),
            trust=trust.grade(figures),
            p_values=table.p_values,
            q_values=table.q_values,
            z_scores=table.z_scores,
            centred_best=table.centred_best,
            margins=table.margins,
            change_chances=table.change_chances,
            alpha_lows=table.alpha_lows,
            alpha_highs=table.alpha_highs,
            half_agreements=table.half_agreements,
            template_agreements=table.template_agreements,
            tightness=table.tightness,
            two_groups=table.two_groups,
            labels=tuple(probing.metadata.labels[index] if index >= 0 else "" for index in table.labels),
            label_q_values=table.label_q_values,
            patient_shares=table.patient_shares,
            view_shares=table.view_shares,
            label_shares=table.label_shares,
        )

    def neuron(self, layer: str, unit: int, cuts: Cuts) -> NeuronEvidence:
        """One neuron whole. Raises MammiError for an unknown neuron or concept set."""
        info = find_layer(layer, self._reader.layers)
        find_unit(unit, info)
        probing, contest, table = self._known(info, cuts)
        members = self._requery.members(cuts.concept_set)
        images = self._requery.image_sets(info, np.array([unit]), table.counts[[unit]]).images
        scores = contest.competing.scores(table.means[[unit]])
        z, p, adjusted, q = judged(table, unit, scores[0], contest)

        def of_concepts(values: Floats) -> Floats:
            of_all = np.full(len(self._reader.concepts), np.nan)
            if len(images):
                of_all[members] = values[contest.competing.rows]
            return of_all

        evidence = NeuronEvidence(
            *(layer, unit, cuts),
            trust=Trust.UNSUPPORTED,
            sentence="",
            images=self._reader.image_count,
            count=int(table.counts[unit]),
            patients=int(table.patients[unit]),
            best=int(table.best[unit]),
            second=int(table.second[unit]),
            dead=bool(info.dead[unit]),
            z_scores=of_concepts(z),
            p_values=of_concepts(p),
            adjusted_p_values=of_concepts(adjusted),
            q_values=of_concepts(q),
            centred_scores=of_concepts(scores[0] - contest.means),
            margin=float(table.margins[unit]),
            margin_interval=(float(table.margin_intervals[unit, 0]), float(table.margin_intervals[unit, 1])),
            change_chance=float(table.change_chances[unit]),
            rival=int(table.rivals[unit]),
            alpha_path=alpha_path.path(self._reader, self._requery, info, unit, contest.competing),
            alpha_low=float(table.alpha_lows[unit]),
            alpha_high=float(table.alpha_highs[unit]),
            beta_entries=beta_entries(of_concepts(scores[0]), members),
            half_agreement=float(table.half_agreements[unit]),
            half_correlation=float(table.half_correlations[unit]),
            template_bests=tuple(zip(self._reader.other_templates, table.template_bests[unit].tolist(), strict=True)),
            template_agreement=float(table.template_agreements[unit]),
            tightness=float(table.tightness[unit]),
            base_tightness=probing.base_tightness,
            groups=probing.group_test.groups(images, contest.best) if table.two_groups[unit] else (),
            enrichments=enrichment.enrichments(images, probing.metadata),
            confounds=confounds.confounds(images, probing.metadata),
        )
        trusted = Trust(int(trust.grade(Figures.of(evidence))[0]))
        return replace(evidence, trust=trusted, sentence=trust.sentence(evidence, self._reader.concepts))

    def _known(self, layer: LayerInfo, cuts: Cuts) -> tuple[Probing, Contest, UnitTable]:
        """What all neurons share, what those of a concept set do, and the layer's table; computed when first asked."""
        with self._computing:
            if self._probing is None:
                self._probing = Probing.of(self._reader, self._requery)
            concept_set = cuts.concept_set
            if concept_set not in self._contests:
                competing = self._requery.competing(concept_set)
                self._contests[concept_set] = Contest.of(competing, self._probing.population)
            contest = self._contests[concept_set]
            key = (layer.position, cuts.alpha, concept_set)
            table = self._tables.pop(key, None) or unit_table(self._probing, contest, concept_set, layer, cuts.alpha)
            self._tables[key] = table
            while len(self._tables) > _TABLES:
                del self._tables[next(iter(self._tables))]
            return self._probing, contest, table
