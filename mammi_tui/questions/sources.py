"""The engine's parts that answer about evidence and methods, each loaded by the thread that first needs it."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING

from engine.requery import Requery
from engine.store.reader import RunReader

if TYPE_CHECKING:
    from engine.decisions.answers import ClassAnswers
    from engine.decisions.concepts import Concepts
    from engine.decisions.outputs import Outcomes
    from engine.evidence.live import Evidence
    from engine.methods.panel import Panel
    from mammi_tui.film_search.search import FilmSearcher


class Sources:
    """Imports and loads each part at its first use, so that the explorer starts without it. Any thread may call it."""

    def __init__(self, reader: RunReader, requery: Requery) -> None:
        self._reader = reader
        self._requery = requery
        self._loading = threading.Lock()
        self._classes: ClassAnswers | None = None
        self._films: FilmSearcher | None = None
        self._findings: dict[str, list[str]] = {}

    def findings(self, layer: str) -> list[str]:
        """RunReader.findings, read once."""
        if layer not in self._findings:
            self._findings[layer] = self._reader.findings(layer)
        return self._findings[layer]

    def evidence(self) -> Evidence:
        with self._loading:
            return self._evidence

    def panel(self) -> Panel:
        with self._loading:
            return self._panel

    def concepts(self) -> Concepts:
        with self._loading:
            return self._concepts

    @cached_property
    def _concepts(self) -> Concepts:
        from engine.decisions.concepts import Concepts

        return Concepts(self._reader, self._requery)

    def outcomes(self) -> Outcomes | None:
        """What the model predicts for every film; None where the run does not hold its outputs."""
        with self._loading:
            return self._outcomes

    @cached_property
    def _outcomes(self) -> Outcomes | None:
        from engine.decisions.outputs import Outcomes

        return Outcomes.of(self._reader)

    def classes(self) -> ClassAnswers:
        outcomes = self.outcomes()
        with self._loading:
            if self._classes is None:
                from engine.decisions.answers import ClassAnswers

                self._classes = ClassAnswers(self._reader, outcomes)
            return self._classes

    def films(self) -> FilmSearcher:
        outcomes = self.outcomes()
        with self._loading:
            if self._films is None:
                from engine.decisions.film_index import FilmIndex
                from mammi_tui.film_search.search import FilmSearcher

                self._films = FilmSearcher(FilmIndex(self._reader, outcomes))
            return self._films

    @cached_property
    def _evidence(self) -> Evidence:
        from engine.evidence.live import Evidence

        return Evidence(self._reader, self._requery)

    @cached_property
    def _panel(self) -> Panel:
        from engine.methods.panel import Panel

        return Panel(self._reader, self._requery)
