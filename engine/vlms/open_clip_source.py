"""Where an open_clip model comes from: its configuration and its files. Nothing is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import ConfigError, MammiError
from engine.vlms.hugging_face import check_tokenizer, read_json

CONFIG = "open_clip_config.json"
PUBMEDBERT = tuple(
    f"microsoft/BiomedNLP-{name}-base-uncased-abstract{texts}"
    for name in ("PubMedBERT", "BiomedBERT")
    for texts in ("", "-fulltext")
)
"""The names of BiomedCLIP's text tower. Its published configuration is BertConfig's default."""
WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.safetensors", "open_clip_pytorch_model.bin")
"""The names of weights in a folder; the first that exists is read"""


@dataclass(frozen=True, slots=True)
class Source:
    """A model with its configuration and files."""

    name: str
    key: str
    """The configuration's key that names the model, for errors"""
    path: Path | str
    """Where the model's own configuration comes from, for errors"""
    weights: Path
    tokenizer: Path | None
    """A folder with what Hugging Face's libraries read, for the text towers that need it"""
    model: dict[str, Any]
    """open_clip's model_cfg"""
    preprocessing: dict[str, Any]
    """open_clip's preprocess_cfg: what differs from its defaults"""

    @property
    def text_tower(self) -> str | None:
        """Hugging Face's name of the text tower; None if the tower is open_clip's own."""
        return self._of_text("hf_model_name")

    @property
    def tokenizer_name(self) -> str | None:
        """Hugging Face's name of the tokenizer; None if the tokenizer is open_clip's own."""
        return self._of_text("hf_tokenizer_name")

    def _of_text(self, name: str) -> str | None:
        text = self.model.get("text_cfg")
        return str(text[name]) if isinstance(text, dict) and text.get(name) else None


def text_folder(source: Source) -> Path | None:
    """The folder from which the text tower and its tokenizer are read; None if both are open_clip's own.

    Raises ConfigError when it is missing, or lacks a file.
    """
    tower, tokenizer, folder = source.text_tower, source.tokenizer_name, source.tokenizer
    if tower and tower not in PUBMEDBERT and (folder is None or not (folder / "config.json").is_file()):
        needed = f"the text tower {tower} needs its config.json: name its folder in vlm.tokenizer"
        raise ConfigError(f"{source.key}: {needed}.")
    if tokenizer and folder is None:
        raise ConfigError(f"vlm.tokenizer is missing: the folder with the tokenizer of {tokenizer}.")
    if tokenizer and folder is not None:
        check_tokenizer(folder, "vlm.tokenizer")
    return folder if tower or tokenizer else None


def of_directory(directory: Path, weights: Path | None, tokenizer: Path | None) -> Source:
    """The model in a folder as open_clip publishes it; `weights` and `tokenizer` replace the folder's own.

    Raises ConfigError when the folder lacks a file, and MammiError when its configuration is not open_clip's.
    """
    key = "vlm.directory"
    if not directory.is_dir():
        raise ConfigError(f"{key}: no folder at {directory}.")
    content = read_json(directory / CONFIG, key)
    model, preprocessing = content.get("model_cfg"), content.get("preprocess_cfg", {})
    if not isinstance(model, dict) or not isinstance(preprocessing, dict):
        raise MammiError(f"{key}: {directory / CONFIG} has no model_cfg: it is not open_clip's.")
    found = [directory / name for name in WEIGHTS if (directory / name).is_file()]
    if weights is None and not found:
        raise ConfigError(f"{key}: {directory} has no weights: none of {', '.join(WEIGHTS)}.")
    return Source(
        directory.name, key, directory / CONFIG, weights or found[0], tokenizer or directory, model, preprocessing
    )
