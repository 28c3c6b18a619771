"""Every evidence figure, declared once: here, or in engine.evidence.image_columns if it is one of the images alone.

The evidence of layers and neurons, exported tables, `mammi show --evidence`, and the explorer's filter, orders, lines
and help read these declarations. To add a figure, compute it in a module of its own, declare it here, and put it into
COLUMNS.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.evidence.column import Column
from engine.evidence.image_columns import (
    FOLLOWS,
    FOLLOWS_AREA,
    GROUP_CONCEPTS,
    GROUP_COUNT,
    LABEL,
    LABEL_Q_VALUE,
    LABEL_SHARE,
    PATIENT_SHARE,
    POLYSEMANTICITY,
    REDUNDANCY,
    REDUNDANT_WITH,
    TIGHTNESS,
    TWO_GROUPS,
    VIEW_SHARE,
)
from engine.evidence.written import Written

REPRESENTATIVES: Column[np.int64] = Column(
    name="representatives",
    written=Written.COUNT,
    of_units=lambda units: units.counts,
    in_json=False,
    title="Enough images",
    help="The number of representative images. One is unsupported, two are weak. Fewer than five patients are fair, as "
    "are more than half of all images.",
)
ANNOTATED: Column[np.int64] = Column(
    name="annotated",
    written=Written.COUNT,
    in_table=False,
    in_json=False,
    title="Concepts above the β cut",
    help="The size of the annotation. Without any the neuron is unsupported.",
)
PATIENTS: Column[np.int64] = Column(
    name="patients",
    written=Written.COUNT,
    of_units=lambda units: units.resampled.clusters,
    in_table=False,
)
"""Different patients among the representative images; an image without a recorded patient counts as a patient"""
BEST: Column[np.int64] = Column(
    name="best_concept",
    written=Written.CONCEPT,
    of_units=lambda units: units.concepts(units.two_best[0]),
    in_json=False,
    help="The concept with the highest score.",
)
SECOND: Column[np.int64] = Column(
    name="second_concept",
    written=Written.CONCEPT,
    of_units=lambda units: units.concepts(units.two_best[1]),
    in_table=False,
    in_json=False,
)
CENTRED_BEST: Column[np.int64] = Column(
    name="centred_best",
    written=Written.CONCEPT,
    of_units=lambda units: units.concepts(units.contest.centred(units.scores).argmax(axis=1)),
    in_json=False,
    title="Stands out most",
    help="The concept with the highest centred score.",
)
Z_SCORE: Column[np.float64] = Column(
    name="z_score",
    written=Written.NUMBER,
    digits=1,
    of_units=lambda units: units.z_scores,
    compared=True,
    in_json=False,
    word="z",
    meaning="standard deviations of the first concept's score above random image sets",
)
P_VALUE: Column[np.float64] = Column(
    name="p_value",
    written=Written.CHANCE,
    of_units=lambda units: units.contest.null.p_values_of_sets(units.z_scores, units.counts),
    compared=True,
    in_json=False,
    word="p",
    meaning="chance that some concept does as well in a random image set of the same size",
    best="lowest",
)
Q_VALUE: Column[np.float64] = Column(
    name="q_value",
    written=Written.CHANCE,
    of_layer=lambda units: units.q_values(units[P_VALUE]),
    in_json=False,
    title="Beats random image sets",
    help="q of the first concept. For the grade, q below 0.01 is strong, below 0.05 fair, and from 0.05 weak.",
    word="q",
    meaning="the p value, corrected over the layer's units",
    order="significance",
    best="lowest",
    then=(Z_SCORE,),
)
MARGIN: Column[np.float64] = Column(
    name="margin",
    written=Written.NUMBER,
    of_units=lambda units: units.margins,
    title="Leads the second by",
    help="The first concept's score less the second's, or its z less the second's where z ranks.",
    word="lead",
    meaning="the first concept's score, or z, less the second's",
)
MARGIN_INTERVAL: Column[np.float64] = Column(
    name="margin_interval",
    written=Written.INTERVAL,
    of_units=lambda units: units.margin_intervals,
    in_table=False,
    title="in 95 % of draws",
    help="The range of the lead in 95 % of the draws of patients.",
)
CHANGE_CHANCE: Column[np.float64] = Column(
    name="change_chance",
    written=Written.SHARE,
    of_units=lambda units: units.resampled.change_chances,
    title="Another first in few draws",
    help="Share of 400 draws of the patients, with replacement, in which another concept is first (draws of images "
    "where patients are not recorded). Up to 10 % is strong. Above 50 % is weak where nothing else is annotated.",
    word="change",
    meaning="chance that other patients give another first concept",
    order="stability",
    best="lowest",
    then=(MARGIN,),
)
RIVAL: Column[np.int64] = Column(
    name="rival",
    written=Written.CONCEPT,
    of_units=lambda units: units.concepts(units.resampled.rivals),
    in_table=False,
    in_json=False,
)
"""The concept that is first most often in the draws in which the best concept is not"""
CANDIDATES: Column[np.int64] = Column(
    name="candidates",
    written=Written.COUNT,
    of_units=lambda units: units.resampled.candidates,
    word="candidates",
    head="cand.",
    meaning="concepts that may be the best one, at 90 % confidence",
    order="candidates",
    best="lowest",
    then=(CHANGE_CHANCE,),
    help="Number of concepts that may be the best one, with 90 % confidence. All that compete where they cannot be "
    "told apart, or where the images are of one patient.",
)
CANDIDATE_CONCEPTS: Column[np.object_] = Column(
    name="candidate_concepts",
    written=Written.CANDIDATES,
    of_units=lambda units: units.resampled.candidate_concepts,
    in_json=False,
    title="Few candidates",
    help="The concepts that may be the best one, by score: with 90 % confidence the best concept of the population is "
    "among them. At most 64 are listed.",
)
ALPHA_INTERVAL: Column[np.float64] = Column(
    name="alpha_interval",
    written=Written.INTERVAL,
    digits=2,
    of_layer=lambda units: units.alpha_intervals(units[BEST]),
    in_table=False,
    title="Stays first around α",
    help="The lowest and the highest α at which the first concept stays. Fair when another concept is first within "
    "0.02 of α.",
)
ALPHA_LOW: Column[np.float64] = Column(
    name="alpha_low",
    written=Written.NUMBER,
    of_layer=lambda units: units[ALPHA_INTERVAL][:, 0],
    in_json=False,
    help="The lowest α at which the first concept stays.",
)
ALPHA_HIGH: Column[np.float64] = Column(
    name="alpha_high",
    written=Written.NUMBER,
    of_layer=lambda units: units[ALPHA_INTERVAL][:, 1],
    in_json=False,
    help="The highest α at which the first concept stays.",
)
ALPHA_RANGE: Column[np.float64] = Column(
    name="alpha_range",
    written=Written.NUMBER,
    of_layer=lambda units: np.diff(units[ALPHA_INTERVAL], axis=1)[:, 0],
    in_table=False,
    in_json=False,
    word="range",
    meaning="width of the stretch of α with the same first concept",
)
HALF_AGREEMENT: Column[np.float64] = Column(
    name="half_agreement",
    written=Written.SHARE,
    of_units=lambda units: units.resampled.half_agreements,
    title="Halves agree",
    help="Share of 20 splits of the patients (or images) in which both halves have the same first concept. Fair below "
    "50 %.",
    word="halves",
    meaning="share of splits of the patients whose halves agree",
)
HALF_CORRELATION: Column[np.float64] = Column(
    name="half_correlation",
    written=Written.NUMBER,
    digits=2,
    of_units=lambda units: units.resampled.half_correlations,
    in_table=False,
    title="Correlation of halves",
    help="Mean correlation of the two halves' centred scores over all concepts.",
)
TEMPLATE_BESTS: Column[np.int64] = Column(
    name="template_bests",
    written=Written.CONCEPT,
    of_layer=lambda units: units.template_bests(),
    in_table=False,
    in_json=False,
)
"""The best concept under each of the T other templates, [units, T]"""
TEMPLATE_AGREEMENT: Column[np.float64] = Column(
    name="template_agreement",
    written=Written.SHARE,
    of_layer=lambda units: units.template_agreements(units[TEMPLATE_BESTS], units[BEST]),
    title="Other templates agree",
    help="How many of the run's other templates give the same first concept. Fair below half.",
    word="templates",
    head="templ.",
    meaning="share of the other templates with the same first concept",
)
TRUST: Column[np.int8] = Column(
    name="trust",
    written=Written.GRADE,
    word="trust",
    meaning="strong, fair, weak or unsupported",
    order="trust",
    then=(Q_VALUE, CHANGE_CHANCE),
)

COLUMNS: tuple[Column[Any], ...] = (
    *(TRUST, REPRESENTATIVES, PATIENTS, ANNOTATED, BEST, SECOND, CENTRED_BEST, TWO_GROUPS, LABEL),
    *(Z_SCORE, P_VALUE, Q_VALUE, MARGIN, MARGIN_INTERVAL, CHANGE_CHANCE, RIVAL),
    *(CANDIDATES, CANDIDATE_CONCEPTS),
    *(ALPHA_INTERVAL, ALPHA_LOW, ALPHA_HIGH, ALPHA_RANGE, HALF_AGREEMENT, HALF_CORRELATION),
    *(TEMPLATE_BESTS, TEMPLATE_AGREEMENT, TIGHTNESS),
    *(GROUP_COUNT, GROUP_CONCEPTS, POLYSEMANTICITY, REDUNDANCY, REDUNDANT_WITH),
    *(LABEL_Q_VALUE, PATIENT_SHARE, VIEW_SHARE, LABEL_SHARE),
    *(FOLLOWS, FOLLOWS_AREA),
)
"""In the order of exported tables"""
