"""Target models and VLMs of one's own that misbehave, through a whole run."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import redirect_stdout
from pathlib import Path

from engine.config.settings import load_config
from engine.errors import MammiError
from engine.run.pipeline import run
from engine.store.reader import RunReader
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.support.misbehaving import LATE, configured, kinds
from tests.support.models import tiny_project
from tests.support.tiny_runs import Heard

OF_BOTH = ("None of the 5 images can be used", "cpu has too little memory")
"""How errors begin that name no model"""


def knock(setting: Setting) -> Outcomes:
    project = tiny_project(setting.folder, films=5)
    every = kinds()
    for model, kind, name in setting.chance.sample(list(every), setting.count(14, 200)):
        fall = fall_of(lambda: _run(project, setting.folder, model, kind, name), setting.folder, seconds=60)  # noqa: B023
        yield fall and f"{model}, {kind}: {name}: {fall}"
        for path in setting.folder.glob("x.duckdb*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _run(project: Path, folder: Path, model: str, kind: str, name: str) -> None:
    """One run. It must end with a whole run file, or with an error that names the model's table."""
    heard = Heard()
    overrides = configured(folder, model, kind, name) if kind else []
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        sys.stderr = nowhere
        try:
            run(load_config(project, overrides), heard)
        except MammiError as error:
            if not str(error).startswith((f"{model}.", f"{model}:", *OF_BOTH)):
                raise AssertionError(f"an error that does not begin with {model}: {error!s:.300}") from None
            if model == "target" and name not in LATE and "images" in heard.computed:
                raise AssertionError(f"an error that came after images were read: {error!s:.300}") from None
            raise
    with RunReader(folder / "x.duckdb") as reader:
        assert reader.layers
