"""Acts of readers, written to a verdict log as the explorer writes them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.annotation.cuts import Cuts
from mammi_tui.verdicts.lines import Deed, Line, Seen, Verdict
from mammi_tui.verdicts.log import VerdictLog

WORDS = ("effusion", "fluid")


def judge(
    log: VerdictLog,
    neuron: str,
    verdict: Verdict,
    annotation: Sequence[str] = WORDS,
    cuts: Cuts = Cuts(0.93, 0.95),  # noqa: B008 (frozen)
) -> Line:
    """Gives a verdict on an annotation."""
    return log.append(neuron, Deed("verdict", verdict=verdict), Seen(cuts, tuple(annotation)))


def do(log: VerdictLog, neuron: str, deed: Deed) -> Line:
    """Any other act on the same annotation."""
    return log.append(neuron, deed, Seen(Cuts(0.93, 0.95), WORDS))


def latest(log: VerdictLog) -> dict[str, Verdict | None]:
    """The standing verdict of the log's reader on each neuron."""
    log.read()
    own = log.standing.judgements.get(log.reader.name, {})
    return {neuron: each.verdict.verdict for neuron, each in own.items() if each.verdict}
