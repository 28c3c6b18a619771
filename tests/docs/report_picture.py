"""The picture of a report in the guide: a short triage of the demo's run, in a headless browser."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
from pathlib import Path

from PIL import Image

from engine.progress import Silent
from engine.requery import Requery
from engine.store.reader import RunReader
from mammi_tui.report.gather import Gathering, Wanted
from mammi_tui.report.html import page
from mammi_tui.verdicts.lines import Deed, Seen, Verdict
from mammi_tui.verdicts.log import log_of
from tests.support.browser import browser, installed

SIZE = (1240, 1400)
"""Pixels of the window"""
LAYER = "features.norm5"
TRIAGE: dict[str, dict[int, tuple[Verdict, str, str]]] = {
    "r1": {57: ("reject", "pleural thickening", ""), 63: ("accept", "", "only AP films"), 71: ("accept", "", "")},
    "r2": {57: ("reject", "", ""), 63: ("unsure", "", ""), 71: ("accept", "", "")},
}
"""By reader and unit: verdict, own label and note"""


def report_picture(run: Path) -> Image.Image:
    """The top of the report on a copy of the run. Raises AssertionError where no browser is installed."""
    program = installed()
    assert program, "no Chromium is installed"
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copy(run, Path(folder) / "demo.duckdb"))
        with RunReader(copy) as reader:
            _judge(reader)
            written = Path(folder) / "triage.html"
            made = Gathering(reader, log_of(reader), Wanted(reader.info.cuts), ()).report(Silent())
            written.write_text("".join(page(made)), encoding="utf-8")
        with browser(program, Path(folder) / "browser") as opened:
            opened.open(written, *SIZE)
            return Image.open(io.BytesIO(opened.picture()))


def _judge(reader: RunReader) -> None:
    requery, cuts = Requery(reader), reader.info.cuts
    for name, units in TRIAGE.items():
        os.environ["MAMMI_READER"], os.environ["MAMMI_ROLE"] = name, "radiologist"
        log = log_of(reader)
        for unit, (verdict, label, note) in units.items():
            answer = requery.neuron(LAYER, unit, cuts)
            words = tuple(reader.concepts[concept] for concept in answer.ranking[: answer.annotated])
            for deed in (Deed("verdict", verdict=verdict), Deed("label", text=label), Deed("note", text=note)):
                if deed.verdict or deed.text:
                    log.append(f"{LAYER}:{unit}", deed, Seen(cuts, words))
