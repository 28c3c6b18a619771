"""`mammi run` on films, classes and words with hostile names, and with models whose errors are hostile."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.targets.base import TargetModel
from engine.targets.preprocessing import Preprocessing
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.texts import commands, explorer
from tests.support.hostile import storable
from tests.support.models import SIDE, TinyVLM, tiny_project, tiny_target, write_film

ERRORS = {"factory": "target", "forward": "target", "images": "vlm", "texts": "vlm"}
"""Where a model raises -> its table in the configuration"""
_SIGNS = re.compile(r"[^\w\x1b\x07\x9b\u202e]+")
"""What a list of words may not hold"""
_TEXTS = "texts.json"
"""The file with the texts that the models below take, as a configuration cannot hold all of them"""


def of_films(texts: Sequence[str], setting: Setting) -> Outcomes:
    """A run whose films, folders, classes, layers and words are called so; some of its films are no pictures."""
    folder, config = _project(setting, texts)
    odd = [text for text in texts if storable(text)]
    for number, name in enumerate(filter(None, map(explorer.file_name, texts))):
        path = folder / "films" / (f"{name}.png" if number % 3 else f"{name[:20]}/{name}.png")
        write_film(path, number)
        if number % 4 == 0:
            path.write_bytes(b"no picture")
    words = [f"sign {_SIGNS.sub(' ', text)[:80].strip()}" for text in odd]
    (folder / "concepts.txt").write_text("\n".join(["effusion", "mass", "rib", *words]) + "\n", encoding="utf-8")
    yield commands.fall_of(["run", str(config)], folder)
    run = folder / "tiny.duckdb"
    for words in (["doctor", str(run)], ["show", str(run), "logits:0"], ["evaluate", str(run)]):
        yield commands.fall_of(words, folder) if run.exists() else f"{' '.join(words)}: there is no run file"


def of_errors(texts: Sequence[str], setting: Setting) -> Outcomes:
    """A run for each text, which a model raises as an error."""
    for text in texts:
        place = setting.chance.choice(list(ERRORS))
        folder, config = _project(setting, [text])
        fall = commands.fall_of(
            ["run", str(config), "--set", f'{ERRORS[place]}.arguments={{ at = "{place}" }}'], folder
        )
        yield fall and f"{fall} (an error of the model, in its {place})"


def _project(setting: Setting, texts: Sequence[str]) -> tuple[Path, Path]:
    folder = setting.folder / "computing"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    config = tiny_project(folder, films=3)
    (folder / _TEXTS).write_text(json.dumps(texts))
    models = "tests.hard_knocks.texts.computing"
    text = config.read_text().replace("tests.support.models:tiny_target", f"{models}:target")
    text = text.replace("tests.support.models:tiny_vlm", f"{models}:vlm")
    text = text.replace('classes = ["effusion", "mass", "hernia"]\n', "")
    config.write_text(text.replace("preprocessing = { size = 32, crop = 32, channels = 1 }\n", ""))
    return folder, config


# Models


def _texts() -> list[str]:
    found: list[str] = json.loads(Path(_TEXTS).read_text())
    return found


def _raising(*_: object, **__: object) -> Any:
    raise ValueError(_texts()[0])


def target(at: str = "") -> TargetModel:
    """A classifier whose classes and name are hostile."""
    if at == "factory":
        _raising()
    texts = [text for text in _texts() if storable(text)] or ["x"]
    model = tiny_target(max(3, len(texts)))
    if at:
        model.second.forward = _raising
    classes = tuple(f"{number} {text}"[:200] for number, text in enumerate((texts * 3)[: max(3, len(texts))]))
    return TargetModel(
        model, Preprocessing(size=SIDE, crop=SIDE, channels=1), classes, texts[0][:200] or "x", texts[-1][:200] or "x"
    )


class _RaisingVLM(TinyVLM):
    def __init__(self, device: torch.device, at: str) -> None:
        super().__init__(device)
        self._at = at

    def encode_images(self, batch: Tensor) -> Tensor:
        return _raising() if self._at == "images" else super().encode_images(batch)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return _raising() if self._at == "texts" else super().encode_texts(texts)


def vlm(device: torch.device, at: str = "") -> TinyVLM:
    """A VLM whose name is hostile."""
    model = _RaisingVLM(device, at)
    model.name = next((text[:200] for text in _texts() if text and storable(text)), "x")
    return model
