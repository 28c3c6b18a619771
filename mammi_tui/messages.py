"""What workers tell the explorer. Workers never touch widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from engine.requery import LayerAnswer, NeuronAnswer
    from mammi_tui.representatives import Representatives


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
