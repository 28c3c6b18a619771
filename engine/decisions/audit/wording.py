"""The audit in words: plain text, names as they stand in the run."""

from __future__ import annotations

from collections.abc import Sequence

from engine.auditing.layers import SIGNIFICANT
from engine.decisions.audit.classes import LEAST_GAP, ClassTrait
from engine.decisions.audit.gaps import Gap
from engine.decisions.audit.live import Audit, Carrier

NOT_LOOKED_AT = (
    "Only recorded attributes are looked at: a shortcut that nobody recorded is not found.",
    "Films are compared with films. Where an attribute goes with something else that is not recorded, such as how ill "
    "a patient is, the two cannot be told apart; pairs of films that differ in one thing can (--pairs).",
    "Findings are those of the labels, so a label that follows the attribute hides a shortcut.",
    "An attribute on which nothing is found may still be read: with few films only large differences are seen.",
)


def reads(found: ClassTrait, audit: Audit, carriers: Sequence[Carrier] = ()) -> str:
    """What an output that reads a trait does, as one sentence without a full stop."""
    name, trait = _names(found, audit)
    verb = "reads" if found.reads > 0 else "is lowered by"
    parts = []
    if _counts_for(found.own_q, found.own):
        parts.append(f"its films with it have AUROC {_two(found.own)} ({_films(found.own)}; {_difference(found.own)})")
    if _counts_for(found.others_q, found.others):
        parts.append(
            f"told from the other films with it by AUROC {_two(found.others)} "
            f"({found.counts[2]:,} and {found.counts[3]:,} films; {_difference(found.others)})"
        )
    said = f"{name} {verb} {trait}: {'; '.join(parts)}"
    if carriers:
        said += f". Carried by {', '.join(f'{each.layer}:{each.unit} ({each.area:.2f})' for each in carriers)}"
    return said


def _names(found: ClassTrait, audit: Audit) -> tuple[str, str]:
    classes = audit.outcomes.classes if audit.outcomes else ()
    return classes[found.number], audit.traits.found[found.trait].name


def _counts_for(q: float, gap: Gap) -> bool:
    return bool(q < SIGNIFICANT and abs(gap.difference) >= LEAST_GAP)


def _two(gap: Gap) -> str:
    return f"{gap.having.value:.2f}, without it {gap.lacking.value:.2f}"


def _films(gap: Gap) -> str:
    return f"{gap.having.positives:,} and {gap.lacking.positives:,} films"


def _difference(gap: Gap) -> str:
    return f"difference {gap.difference:+.2f}, 95 % {gap.low:+.2f} to {gap.high:+.2f}"
