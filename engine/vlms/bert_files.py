"""The files of a BERT in a folder: its weights, and its tokenizer."""

from __future__ import annotations

from pathlib import Path

from engine.errors import ConfigError
from engine.keys import content_key
from engine.weights.digest import file_digest

WEIGHTS = ("pytorch_model.bin", "model.safetensors")
"""The names that transformers gives to weights in a folder; the first that exists is read"""
WHOLE = "tokenizer.json"
VOCABULARY = "vocab.txt"
SETTINGS = "tokenizer_config.json"


def weights_in(folder: Path, key: str) -> Path:
    """The file of weights in a folder, which the configuration's `key` names. Raises ConfigError when it has none."""
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(f"{key}: no {' and no '.join(WEIGHTS)} in {folder}.")


def tokenizer_files(folder: Path, key: str) -> list[Path]:
    """What a folder's tokenizer is read from: tokenizer.json alone, or vocab.txt with its settings if it has any.

    Raises ConfigError when there is neither.
    """
    if (folder / WHOLE).is_file():
        return [folder / WHOLE]
    if (folder / VOCABULARY).is_file():
        return [folder / name for name in (VOCABULARY, SETTINGS) if (folder / name).is_file()]
    raise ConfigError(f"{key}: no {WHOLE} and no {VOCABULARY} in {folder}. Bio_ClinicalBERT's are needed.")


def tokenizer_digest(folder: Path, key: str) -> str:
    """A hash of the folder's tokenizer. Raises what `tokenizer_files` raises."""
    return content_key({path.name: file_digest(path, key) for path in tokenizer_files(folder, key)})
