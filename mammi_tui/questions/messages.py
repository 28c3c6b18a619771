"""What workers tell the explorer. Workers never touch widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.evidence.answers import LayerEvidence, NeuronEvidence
    from engine.methods.base import MethodAnswer
    from engine.requery import LayerAnswer, NeuronAnswer
    from mammi_tui.questions.neuron import LayerQuestion, NeuronQuestion
    from mammi_tui.questions.representatives import Representatives


@dataclass
class NeuronAnswered(Message):
    """One neuron at one (α, β), and its representative images."""

    answer: NeuronAnswer
    representatives: Representatives


@dataclass
class LayerAnswered(Message):
    """One layer at one (α, β), and per unit the label that most of its representative images carry."""

    layer: int
    answer: LayerAnswer
    findings: Sequence[str]


@dataclass
class EvidenceAnswered(Message):
    """One neuron's evidence, or why it cannot be had."""

    question: NeuronQuestion
    evidence: NeuronEvidence | None
    reason: str = ""


@dataclass
class LayerEvidenceAnswered(Message):
    """The evidence of all units of a layer."""

    question: LayerQuestion
    evidence: LayerEvidence


@dataclass
class MethodsKnown(Message):
    """Name and title of each method that the run file can be asked by."""

    titles: dict[str, str]


@dataclass
class MethodAnswered(Message):
    """What one method says of one neuron, or why it cannot say anything."""

    method: str
    question: NeuronQuestion
    answer: MethodAnswer | None
    reason: str = ""
