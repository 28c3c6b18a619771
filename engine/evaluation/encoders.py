"""Text encoders that measure how near a concept is to a class label, loaded from local folders.

A folder holds a CLIP (or SigLIP) as transformers saves it, or a sentence encoder as sentence-transformers saves it; its
config.json decides which. The package sentence-transformers is not used, because it imports the classes that a folder's
modules.json names. Here that file is only read: a folder that asks for more than a transformer, pooling by mean or by
the class token, and normalisation is refused. Nothing is downloaded, and no code in a folder is run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.config.faults import MOVED, Faults
from engine.config.leaves import Leaf, Leaves
from engine.device import choose_device
from engine.errors import ConfigError, MammiError
from engine.evaluation.labels import TextEncoder
from engine.extras import missing
from engine.run.cache import VLM_STAGE
from engine.store.reader import RunReader
from engine.vlms.base import VLM, check_embeddings

OWN = "vlm"
"""The name of the run's own VLM"""
WITHOUT_BARE_TEXTS = {
    "factory": "is made by code that the run file names, and code is not run from a run file",
    "precomputed": "has embeddings of prompted concepts only, not of bare names",
}
"""The kinds of VLM that cannot encode here, and why"""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A text encoder under its name."""

    name: str
    vlm: VLM

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As TextEncoder.encode. Raises MammiError when the model does not return unit vectors."""
        vectors = self.vlm.encode_texts(texts)
        check_embeddings(self.vlm, vectors, len(texts))
        return vectors


def load_encoder(asked: str, reader: RunReader) -> TextEncoder:
    """The encoder that `NAME=FOLDER` asks for; `vlm` or `vlm=FOLDER` is the run's own VLM.

    Relative paths in the run's configuration start from that FOLDER, by default the current one: a run file does not
    record where its configuration was. Raises ConfigError for anything but a name and a folder, and MammiError when the
    folder holds no encoder or another VLM than the run's.
    """
    name, equals, folder = asked.partition("=")
    key = f"--encoder {name}"
    if name == OWN:
        return Encoder(OWN, _own(reader, Path(folder or "."), key))
    if not (name.isidentifier() and equals and folder):
        raise ConfigError(f"--encoder {asked}: write NAME=FOLDER, such as clip=weights/clip-vit-b-16, or {OWN}.")
    return from_folder(name, Path(folder), key)


def from_folder(name: str, folder: Path, key: str) -> TextEncoder:
    """The encoder in a folder. `key` says in errors where it was named. Raises MammiError as `load_encoder` does."""
    if not folder.is_dir():
        raise ConfigError(f"{key}: no folder at {folder}.")
    try:
        from engine.evaluation import sentence_encoder
        from engine.vlms import transformers
        from engine.vlms.hugging_face import read_json
    except ModuleNotFoundError as error:
        if error.name and error.name.split(".")[0] == "engine":
            raise
        raise ConfigError(f"{key}: {missing(error.name)}.") from None
    kind = read_json(folder / "config.json", key).get("model_type")
    device = choose_device("auto")
    if kind in transformers.MODEL_TYPES:
        return Encoder(name, transformers.load_folder(folder, key, device))
    if kind in sentence_encoder.MODELS:
        return sentence_encoder.load(name, folder, key, device)
    supported = ", ".join([*transformers.MODEL_TYPES, *sentence_encoder.MODELS])
    raise ConfigError(f"{key}: {folder / 'config.json'} has model_type {kind!r}; supported are {supported}.")


def _own(reader: RunReader, base: Path, key: str) -> VLM:
    """The run's VLM, loaded as its configuration says."""
    table = reader.info.config.get("vlm")
    if not isinstance(table, dict):
        raise MammiError(f"{key}: the configuration in {reader.path} names no VLM.")
    kind = table.get("kind")
    if isinstance(kind, str) and kind in WITHOUT_BARE_TEXTS:
        raise MammiError(f'{key}: a VLM of the kind "{kind}" {WITHOUT_BARE_TEXTS[kind]}.')
    faults = Faults(reader.path, ("vlm",), ())
    leaf = Leaves(faults).leaf("vlm", {key: value for key, value in table.items() if ("vlm", key) not in MOVED})
    faults.raise_first()
    try:
        vlm: VLM = cast(Leaf, leaf).load(base, choose_device("auto"))
    except ConfigError as error:
        raise ConfigError(
            f"{key}: {error.fault}", f"Name the folder of the run's configuration: {key}=FOLDER."
        ) from None
    if reader.stages().get(VLM_STAGE) != vlm.identity:
        raise MammiError(f"{key}: the run's configuration now leads to another VLM than the one in the run file.")
    return vlm
