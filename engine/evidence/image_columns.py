"""The figures of a neuron's images and of what it follows, declared as those of engine.evidence.columns."""

from __future__ import annotations

import numpy as np

from engine.evidence.column import Column
from engine.evidence.written import Written

GROUP_COUNT: Column[np.int64] = Column(
    name="group_count",
    written=Written.COUNT,
    of_units=lambda units: np.array([len(parts) for parts in units.parts]),
    in_json=False,
    title="Images hold together",
    help="The number of groups, up to five, that the strongest images fall into because each needs another word. "
    "Several make the grade fair.",
    word="groups",
    meaning="groups of images that need words of their own, up to five",
)
GROUP_CONCEPTS: Column[np.int64] = Column(
    name="group_concepts",
    written=Written.CONCEPTS,
    of_units=lambda units: units.group_concepts,
    in_json=False,
    help="The first concept of each group where there are several.",
)
POLYSEMANTICITY: Column[np.float64] = Column(
    name="polysemanticity",
    written=Written.NUMBER,
    digits=2,
    of_units=lambda units: np.array([1 - parts.agreement for parts in units.parts]),
    title="Answers to one thing",
    help="What the two groups whose words stand out most do not have in common: 0 for a single group, 1 where two "
    "equally strong words say nothing of each other's images.",
    word="poly",
    meaning="from 0, one group of images, to 1, two that have nothing in common",
    order="polysemanticity",
)
REDUNDANCY: Column[np.float64] = Column(
    name="redundancy",
    written=Written.NUMBER,
    digits=2,
    of_units=lambda units: units.redundancy[0],
    title="No unit much like it",
    help="The cosine of its set of strongest images, 60 at most, to that of the unit most like it in the layer: the "
    "share of the images that both have.",
    word="redundant",
    head="redun.",
    meaning="share of its strongest images that another unit of the layer has too",
    order="redundancy",
)
REDUNDANT_WITH: Column[np.int64] = Column(
    name="redundant_with",
    written=Written.UNIT,
    of_units=lambda units: units.redundancy[1],
    help="The unit that shares the most of its strongest images.",
)
TWO_GROUPS: Column[np.bool_] = Column(
    name="two_groups",
    written=Written.FLAG,
    of_layer=lambda units: units[GROUP_COUNT] > 1,
    in_json=False,
    help="Whether the strongest images fall into two groups or more, each with a word of its own.",
)
LABEL: Column[np.object_] = Column(
    name="label",
    written=Written.TEXT,
    of_units=lambda units: units.strongest_labels[0],
    in_json=False,
    help="The label that the images carry most clearly more often than by chance.",
)
TIGHTNESS: Column[np.float64] = Column(
    name="tightness",
    written=Written.NUMBER,
    of_layer=lambda units: units.tightness(),
    title="Images are alike",
    help="Mean cosine between two of the images, and between two of all images.",
    word="alike",
    meaning="mean cosine between two representative images",
)
LABEL_Q_VALUE: Column[np.float64] = Column(
    name="label_q_value",
    written=Written.CHANCE,
    of_units=lambda units: units.strongest_labels[1],
    in_json=False,
    help="Chance that random images carry the label as often, corrected over labels.",
)
PATIENT_SHARE: Column[np.float64] = Column(
    name="patient_share",
    written=Written.SHARE,
    of_units=lambda units: units.shares[0],
    in_json=False,
    title="No patient prevails",
    help="Share of the images that come from one patient. Weak when half of the images or more do.",
    word="patient",
    head="patnt",
    meaning="share of the images that come from one patient",
)
VIEW_SHARE: Column[np.float64] = Column(
    name="view_share",
    written=Written.SHARE,
    of_units=lambda units: units.shares[1],
    in_json=False,
    word="view",
    meaning="share of the images that have one view",
)
LABEL_SHARE: Column[np.float64] = Column(
    name="label_share",
    written=Written.SHARE,
    of_units=lambda units: units.shares[2],
    in_json=False,
    word="label",
    meaning="share of the images that carry one label",
)
FOLLOWS: Column[np.object_] = Column(
    name="follows",
    written=Written.TEXT,
    title="Follows no attribute",
    help="The attribute of the films, such as a device, sex or view, that the neuron follows more than its finding "
    "among films with the same findings and view.",
)
"""engine.evidence.live sets it: it depends on no cut"""
FOLLOWS_AREA: Column[np.float64] = Column(
    name="follows_auroc",
    written=Written.NUMBER,
    digits=2,
    word="attr",
    meaning="AUROC of the attribute that it follows more than its finding",
    order="attribute",
)
