"""Whether the probing set has images of the target model's classes, each label in one spelling."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from engine.names import compared, labels_by_class, labels_of, nearest_label
from engine.probing.base import Image
from engine.store.contents import Layer

_NAMED = 12
"""The most classes that a warning names"""

log = logging.getLogger(__name__)


def warn_of_spellings(images: Sequence[Image]) -> None:
    """Warns of labels that are another's spelling (engine.names.compared): TCAV and the evidence keep them apart."""
    first: dict[str, str] = {}
    twice: dict[str, str] = {}
    for label in dict.fromkeys(label for image in images for label in image.labels):
        if (spelling := first.setdefault(compared(label), label)) != label:
            twice[label] = spelling
    if not twice:
        return
    more = f" and {len(twice) - _NAMED} more" if len(twice) > _NAMED else ""
    pairs = [f'"{label}" = "{spelling}"' for label, spelling in twice.items()]
    log.warning(
        "labels that differ from another only in case or _, and are counted apart: %d. "
        "[probing.rename] unites them: %s%s.",
        *(len(twice), ", ".join(pairs[:_NAMED]), more),
    )


def warn_of_classes(layers: Sequence[Layer], images: Sequence[Image]) -> None:
    """Warns of classes whose name no label has, with the nearest label of each; of none where no class has a name or no
    image a label."""
    classes = list(dict.fromkeys(name for layer in layers for name in layer.unit_names if name))
    labels = list(dict.fromkeys(label for image in images for label in image.labels))
    absent = [name for name, named in zip(classes, labels_by_class(classes, labels), strict=True) if not named]
    if not (labels and absent):
        return
    taken = {label for name in classes for label in labels_of(name)}
    free = [label for label in labels if compared(label) not in taken]
    nearest = {name: nearest_label(name, free) for name in absent}
    shown = sorted(absent, key=lambda name: nearest[name] is None)
    told = ", ".join(f"{name} (nearest: {near})" if (near := nearest[name]) else name for name in shown[:_NAMED])
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    example = next(((near, name) for name in shown if (near := nearest[name])), None)
    remedy = f' [probing.rename] maps labels to classes: "{example[0]}" = "{example[1]}".' if example else ""
    log.warning(
        "target: %d of %d classes are none of the probing set's labels: %s%s.%s",
        *(len(absent), len(classes), told, more, remedy),
    )
