"""The setting that the paper's figures belong to, and where a run's setting is another or cannot be compared.

Sources: the paper, and the defaults of its code (github.com/ailab-kyunghee/MAMMI: example_selection.py,
concept_matching.py, dataset/dataloader_med.py). A published figure may stand beside ours only where nothing differs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from engine.concepts import wordnet
from engine.config.leaves import Leaf
from engine.config.settings import RunConfig
from engine.evaluation import published
from engine.names import labels_of
from engine.probing.findings import FINDINGS
from engine.targets.preprocessing import Preprocessing

TARGET_NAME, TARGET_WEIGHTS = "densenet121", "densenet121_CXR_0.3M_mocov2.pth"
"""The weights' file name in github.com/lambert-x/medical_mae"""
TARGET_KEY = "model"
"""The key of the state dict in that file"""
PREPROCESSING = Preprocessing(size=256, crop=224, interpolation="bilinear", mean=(0.5056,), std=(0.252,), channels=3)
"""dataloader_med.py, "full_224" with normalize="chestx-ray" """
RUN = {
    "parity": "published",
    "template": "A chest x-ray image of a",
    "subtract_template": True,
    "mixed_precision": False,
    "ranking": "score",
    "selection": "tau",
}
CUTS = (("α", "alpha", 0.93), ("β", "beta", 0.95))
PROBING_LIST = "train_official.txt"
LISTS = {
    "5cc43ab5deca68a4e8295e6bbdeb79213472d88345d1307a0219b72229b45a18": (PROBING_LIST, 75_312),
    "c8b9d94ad8816f60b266ce08a918a80e7c0d5c90ffcd25020fd32e8979f5c4c5": ("val_official.txt", 11_212),
    "38ca5ef7f756092946f57c1a59faca882ed589a1ab1f72590b45dc06c6d5e1cc": ("test_official.txt", 25_596),
}
"""`digest` of the films in the lists of dataset/nih_split -> the list and its number of films"""
CONCEPT_LISTS = {
    "8ae15bc42a3a0713bdbc5861f731c9afc8c46ed35988ed3472b3756841bc5ec4": published.MIMIC_NOUNS,
    "3f179c46bb649d02f20ce30eb03425d70c3edf18c1d30096209f65baa21fd68f": published.CLIP_DISSECT_20K,
}
"""`digest` of the concepts in dataset/concept_set/nouns.txt, and in CLIP-Dissect's data/20k.txt -> the paper's name"""
ENCODERS = {"clip": ("clip-vit-b-16", "clip-vit-base-patch16"), "mpnet": ("all-mpnet-base-v2",)}
"""The names of a folder with the paper's encoder: the catalogue's, and the publisher's"""
CXR_REPAIR = {"model": "ViT-B-32-quickgelu", "preprocessing": "cxr_repair"}
"""CXR-RePaiR's options: OpenAI's architecture, and its own way of giving a film to it"""
VLM_WEIGHTS = {"medklip": "checkpoint_final.pth", "open_clip": "clip-imp-pretrained_128_6_after_4.pt"}
"""The published file names of Table 3's other VLMs"""

OPTIONS: Mapping[tuple[str, str], tuple[Any, ...]] = {
    ("clip_dissect", "prompted"): (None, False),  # where it is left out, run.parity = "published" means bare concepts
    ("clip_dissect", "top_k"): (None, 100),  # and the others as soft WPMI has them
    ("clip_dissect", "a"): (None, 10),
    ("clip_dissect", "lam"): (None, 1),
    ("clip_dissect", "p_start"): (None, 0.998),
    ("clip_dissect", "p_end"): (None, 0.97),
}
"""Method and key -> the values that the paper's may have; other keys must have their defaults"""
_CAPTIONS = ("reports", "sections", "column", "splits", "encoding", "sample", "groups")
FREE = {
    "falcon": _CAPTIONS,
    "falcon_crops": _CAPTIONS,
    "tsi": ("label_set", "cut"),
}
"""Method -> the keys whose values are not compared: they name data, the paper does not tell them, or they change no
figure of the tables, as the cut of a method that is scored by its best concept"""
UNKNOWN = {
    "clip_dissect": "the paper's options of CLIP-Dissect, which its code leaves out (assumed: CLIP-Dissect's defaults)",
    "falcon": "that FALCON's reports are MIMIC-CXR's, and whether the paper used its groups of units and its crops",
    "falcon_crops": "that the reports for FALCON on crops are MIMIC-CXR's, and whether the paper used crops",
    "tsi": "the boxes of TSI's NIH14, and the films and masks of its second label set beyond its kind",
    "wordnet": "the version of WordNet",
}
"""Method or kind of concept set -> what cannot be compared where it is used"""
ALWAYS = (
    "weights, tokenizers and text encoders beyond their names",
    "the films' content beyond their names",
    "versions of packages (the paper's code names torch 1.13.1 and Pillow 10.4.0)",
)


@dataclass(frozen=True, slots=True)
class Films:
    """Which films a run has, by their names."""

    count: int
    """Usable films, and those that are set aside"""
    set_aside: int
    digest: str
    """`digest` of all their file names"""


def digest(names: Collection[str]) -> str:
    """A hash of different names, whatever their order: SHA-256 of the sorted lines."""
    return hashlib.sha256("\n".join(sorted(set(names))).encode()).hexdigest()


def films_of(usable: Sequence[str | None], aside: Sequence[str]) -> Films:
    """The films with these paths."""
    names = [(path or "").rpartition("/")[2] for path in (*usable, *aside)]
    return Films(len(names), len(aside), digest(names))


def published_vlm(vlm: Leaf, shown: str) -> str | None:
    """The paper's name for a VLM whose name is shown as `shown`; None for a VLM that is not in the paper."""
    weights = getattr(vlm.options, "weights", None)
    if vlm.kind in VLM_WEIGHTS and (not isinstance(weights, Path) or weights.name != VLM_WEIGHTS[vlm.kind]):
        return None
    if vlm.kind == "open_clip":
        own = {key: getattr(vlm.options, key, None) for key in CXR_REPAIR}
        return "CXR-RePaiR" if own == CXR_REPAIR else None
    return {"MedCLIP ViT": published.MEDCLIP, "MedKLIP": "MedKLIP"}.get(shown)


def published_set(leaf: Leaf, concepts_digest: str) -> str | None:
    """The paper's name for a concept set with this `digest` of its concepts; None for a set that is not in the
    paper."""
    if leaf.kind == "wordnet":
        return published.WORDNET if cast(wordnet.Options, leaf.options).as_published() else None
    return CONCEPT_LISTS.get(concepts_digest)


def of_method(method: Leaf) -> Iterator[str]:
    """How the options of a method differ from the paper's."""
    for key, field in type(method.options).model_fields.items():
        own = getattr(method.options, key)
        wanted = OPTIONS.get((method.kind, key), (field.get_default(call_default_factory=True),))
        if own not in wanted and key not in FREE.get(method.kind, ()):
            yield f"methods.{method.kind}.{key} is {_shown(own)}, {_of_paper(wanted[-1])}"
    if method.kind == "tsi":
        own_films = getattr(method.options, "label_set", None)
        if own_films is None or own_films.kind != "covid_cxr":
            given = "is not given" if own_films is None else f'is of kind "{own_films.kind}"'
            yield f"methods.tsi.label_set {given}: the paper's TSI takes the higher of NIH14's and COVID-CXR's labels"


def differences(
    config: RunConfig, target: str, classes: Sequence[str], films: Films, encoders: Mapping[str, Path]
) -> Iterator[str]:
    """How a run differs from the paper's, apart from its VLM, concept sets and methods.

    `target` is the name of its target model as shown to a reader; `classes` are the names of the final layer's units;
    `encoders` are the folders of the text encoders by name.
    """
    yield from _of_target(config, target)
    if [labels_of(name) for name in classes] != [labels_of(name) for name in FINDINGS]:
        yield "the final layer's units are not the 14 NIH findings"
    yield from _of_probing(config.probing, films)
    if config.labels.rename:
        yield "probing.rename changes the films' labels"
    for key, wanted in RUN.items():
        if (own := getattr(config.run, key)) != wanted:
            yield f"run.{key} is {_shown(own)}, the paper's {_shown(wanted)}"
    for symbol, key, wanted in CUTS:
        if (own := getattr(config.run, key)) != wanted:
            yield f"{symbol} is {own:g}, the paper's {wanted:g}"
    for name, folders in ENCODERS.items():
        if name in encoders and encoders[name].name not in folders:
            yield f'the encoder "{name}" is {encoders[name].name}, the paper\'s {folders[0]}'


def _of_target(config: RunConfig, target: str) -> Iterator[str]:
    options, taps = config.target.options, config.taps
    weights = getattr(options, "weights", None)
    known = config.target.kind == "torchvision" and isinstance(weights, Path) and weights.name == TARGET_WEIGHTS
    if not known or getattr(options, "name", None) != TARGET_NAME:
        yield f"the target model is {target}, the paper's {TARGET_WEIGHTS}"
    if getattr(options, "weights_key", None) not in (None, TARGET_KEY):
        yield f'target.weights_key is {_shown(getattr(options, "weights_key", None))}, the paper\'s "{TARGET_KEY}"'
    if getattr(options, "ignore_keys", ()):
        yield "target.ignore_keys leaves out some of the target model's weights"
    preprocessing = getattr(options, "preprocessing", None)
    if isinstance(preprocessing, Preprocessing):
        for key in Preprocessing.model_fields:
            own, wanted = getattr(preprocessing, key), getattr(PREPROCESSING, key)
            if set(own) != set(wanted) if isinstance(own, tuple) else own != wanted:
                yield f"target.preprocessing.{key} is {_shown(own)}, the paper's {_shown(wanted)}"
    if taps.pooling != "mean":
        yield f'target.pooling is "{taps.pooling}", the paper\'s "mean"'
    if taps.channels == "last":
        yield 'target.channels is "last", the paper\'s "first"'
    if taps.output is not None:
        yield f"target.output chooses {_shown(taps.output)}; the paper's model gives one output"


def _of_probing(probing: Leaf, films: Films) -> Iterator[str]:
    name, count = next(each for each in LISTS.values() if each[0] == PROBING_LIST)
    if probing.kind != "nih14":
        yield f'the probing set is of kind "{probing.kind}", the paper\'s is NIH14'
    elif (LISTS.get(films.digest), films.count) != ((name, count), count):
        own = LISTS.get(films.digest, ("another list",))[0]
        yield f"the probing set is {own} with {films.count:,} films, the paper's {name} with {count:,}"
    for key in ("sample", "views"):
        if getattr(probing.options, key, None):
            yield f"probing.{key} leaves out films of NIH14"
    if films.set_aside:
        yield f"{films.set_aside:,} of {films.count:,} films are set aside"


def unchecked(kinds: Collection[str]) -> tuple[str, ...]:
    """What cannot be compared in a setting with these methods and kinds of concept sets."""
    return (*ALWAYS, *(text for kind, text in UNKNOWN.items() if kind in kinds))


def _of_paper(value: Any) -> str:
    return "the paper's is not set" if value is None else f"the paper's {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, tuple):
        return _shown(value[0]) if len(value) == 1 else f"[{', '.join(map(_shown, value))}]"
    return json.dumps(value, ensure_ascii=False, default=str)
