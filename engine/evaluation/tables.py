"""The paper's five tables from a matrix's cells, with published figures under ours where the setting is the paper's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.evaluation import published
from engine.evaluation.matrix import Cell, MatrixResult
from engine.evaluation.published import PublishedRow
from engine.evaluation.published_setting import of_method, published_set, published_vlm
from engine.evaluation.results import TruthHits
from engine.evaluation.table_rows import (
    F1,
    HIT_RATE,
    PENULTIMATE,
    UNIQUE,
    Line,
    Row,
    Table,
    Value,
    among_labels,
    cosine,
    paired,
    ties,
    values,
    who_leads,
)

FALCON = ("falcon", "falcon_crops")
MASKS = ("tsi", "netdissect")
"""The methods of table 4 beside MAMMI"""


def tables(result: MatrixResult) -> list[Table]:
    """The paper's five tables, one over α, and one against the recorded truth if the probing set has any."""
    made = _Tables(result)
    found = [made.concept_sets(), made.selections(), made.vlms(), made.mask_based(), made.methods(), made.alphas()]
    truth = made.truth()
    return [*found, truth] if truth.rows else found


class _Tables:
    def __init__(self, result: MatrixResult) -> None:
        config = result.matrix.base
        self._result = result
        self._comparable = not result.differences
        """Whether the setting is the paper's, apart from the VLM, the concept set and the method"""
        self._base = next(iter(result.runs))
        self._own_set = config.concepts[0].name
        self._alpha = config.run.alpha
        self._own_fits = (
            self._vlm(self._base) == published.MEDCLIP and self._set(self._own_set) == published.MIMIC_NOUNS
        )
        """Whether the base run's VLM and first concept set are the paper's"""

    def concept_sets(self) -> Table:
        sets = self._result.runs[self._base].concept_sets
        vlm_fits = self._vlm(self._base) == published.MEDCLIP
        lines = [
            Line(
                (name, str(count)),
                cell,
                self._row(published.CONCEPT_SETS, self._set(name) if vlm_fits else None),
            )
            for name, count in sets.items()
            for cell in self._cells("mammi", concept_set=name)
        ]
        return self._table("Table 1. Concept sets", ("concept set", "concepts"), lines, published.CONCEPT_SETS)

    def selections(self) -> Table:
        lines = []
        for cell in [*self._cells("www"), *self._cells("mammi")]:
            adaptive = cell.count is None
            shown = f"adaptive, α {cell.alpha:g}" if adaptive else self._without_adaptive(cell)
            fits = self._own_fits and cell.count in (None, published.FIXED_COUNT)
            name = "adaptive" if adaptive else "without adaptive"
            lines.append(Line((shown,), cell, self._row(published.SELECTIONS, name if fits else None)))
        counted = PENULTIMATE in self._result.runs[self._base].layers
        missing = [] if counted else [f'Concepts are not counted: target.layers has no "{PENULTIMATE}".']
        notes = [*missing, *who_leads(lines)]
        return self._table(
            *("Table 2. Selection of images", ("selection",), lines, published.SELECTIONS, notes, [UNIQUE])
        )

    def _without_adaptive(self, cell: Cell) -> str:
        images = self._result.runs[cell.vlm].images
        all_of_them = f": all {images}" if cell.count is not None and images < cell.count else ""
        return f"without adaptive, {cell.count} images{all_of_them}"

    def vlms(self) -> Table:
        set_fits = self._set(self._own_set) == published.MIMIC_NOUNS
        lines = [
            Line((name, facts.vlm), cell, self._row(published.VLMS, self._vlm(name) if set_fits else None))
            for name, facts in self._result.runs.items()
            for cell in self._cells("mammi", vlm=name)
        ]
        return self._table("Table 3. VLMs", ("VLM", "which is"), lines, published.VLMS)

    def mask_based(self) -> Table:
        lines = [line for name in (*MASKS, "mammi") for line in self._method_lines(name, published.MASK_BASED)]
        run = {line.cell.evaluation.method for line in lines}
        needed = "TSI was not run: it needs [methods.tsi], and films with boxes or outlines."
        cells = [line.cell for line in lines]
        notes = [
            *([] if "tsi" in run else [needed]),
            *self._options((*MASKS, "mammi")),
            *who_leads(lines),
            *ties(cells),
            *among_labels(cells),
        ]
        heads = ("method", "concepts of")
        return self._table("Table 4. Mask-based methods", heads, lines, published.MASK_BASED, notes)

    def methods(self) -> Table:
        others = dict.fromkeys(cell.evaluation.method for cell in self._cells())
        shown = [name for name in others if name not in ("mammi", "www", *MASKS)]
        lines = [line for name in (*shown, "mammi") for line in self._method_lines(name, published.METHODS)]
        needed = [] if set(FALCON) & set(shown) else ["FALCON was not run: it needs [methods.falcon], and reports."]
        cells = [line.cell for line in lines]
        notes = [*needed, *self._options(shown), *who_leads(lines), *ties(cells), *among_labels(cells)]
        return self._table("Table 5. Methods", ("method", "concepts of"), lines, published.METHODS, notes)

    def alphas(self) -> Table:
        """MAMMI's scores along α, which the paper shows as a figure."""
        images = "images of a neuron"
        wanted = (self._base, self._own_set, "mammi")
        rows = [
            Row((f"{cell.alpha:g}",), "here", values(cell) | {images: cell.images_each})
            for cell in self._result.cells
            if (cell.vlm, cell.concept_set, cell.evaluation.method) == wanted
        ]
        columns = (*self._similarities(), F1, HIT_RATE, UNIQUE, images)
        return Table(
            "MAMMI over α", ("α",), columns, tuple(rows), ("The paper has no figures for other α in a table.",)
        )

    def truth(self) -> Table:
        """All methods side by side, against the truth recorded about phantoms or labelled films."""
        columns = ("units", "best concept", "by chance", "p", "annotation", "by chance (a.)", "p (a.)")
        rows = []
        for layer in self._result.runs[self._base].layers:
            for cell in self._cells():
                for scores in cell.evaluation.truth:
                    if scores.layer == layer:
                        found = (scores.units, *_hits(scores.best), *_hits(scores.annotation))
                        names = (layer, cell.evaluation.title)
                        rows.append(Row(names, "here", dict(zip(columns, found, strict=True))))
        note = (
            "The share of units whose concepts name the finding, view or anatomical parameter that their activation "
            "follows best; by chance: when units exchange their concepts."
        )
        notes = (note, *self._ahead_by_truth(), *among_labels(self._cells()))
        return Table("Known truth", ("layer", "method"), columns, tuple(rows), notes)

    def _ahead_by_truth(self) -> Iterator[str]:
        """A sentence that names the layers in which another method's best concepts name more than MAMMI's, if any."""
        ahead = []
        for layer in self._result.runs[self._base].layers:
            hits = {
                cell.evaluation.title: scores.best.hit_rate.mean
                for cell in self._cells()
                for scores in cell.evaluation.truth
                if scores.layer == layer and not cell.evaluation.among_labels
            }
            best = max(hits, key=lambda title: hits[title], default="")
            if "MAMMI" in hits and hits[best] > hits["MAMMI"]:
                ahead.append(f"{best} in {layer} ({hits[best]:.4f}, MAMMI {hits['MAMMI']:.4f})")
        if ahead:
            yield f"Ahead of MAMMI here by the best concept: {'; '.join(ahead)}."

    def _table(
        self,
        title: str,
        heads: tuple[str, ...],
        lines: Sequence[Line],
        rows: Sequence[PublishedRow],
        notes: Sequence[str] = (),
        more_columns: Sequence[str] = (),
    ) -> Table:
        made, sides = paired(lines, rows, len(heads))
        columns = (*self._similarities(), F1, HIT_RATE, *more_columns)
        return Table(title, heads, columns, made, (*sides, *notes))

    def _similarities(self) -> tuple[str, ...]:
        """The columns of cosines: the paper's two encoders, then others."""
        return tuple(map(cosine, dict.fromkeys(("clip", "mpnet", *self._result.encoders))))

    def _method_lines(self, name: str, rows: Sequence[PublishedRow]) -> Iterator[Line]:
        fits = self._own_fits and self._as_published(name)
        row = self._row(rows, published.METHOD_NAMES.get(name) if fits else None)
        for cell in self._cells(name):
            yield Line((cell.evaluation.title, self._concepts_of(cell)), cell, row)

    def _as_published(self, method: str) -> bool:
        """Whether a method was run with the paper's options."""
        return not any(self._options([method]))

    def _options(self, methods: Sequence[str]) -> Iterator[str]:
        """How the options of these methods differ from the paper's, one sentence for each that was run and differs."""
        for leaf in self._result.matrix.base.methods:
            compared = leaf.kind in methods and leaf.kind in published.METHOD_NAMES
            found = "; ".join(of_method(leaf)) if compared else ""
            if found:
                yield f"{found}."

    def _concepts_of(self, cell: Cell) -> str:
        if cell.evaluation.among_labels:
            return "the labels alone"
        return "sentences of reports" if cell.evaluation.method in FALCON else cell.concept_set

    def _cells(self, method: str = "", *, concept_set: str = "", vlm: str = "") -> list[Cell]:
        """The cells at the base run's α, by default of all methods with its VLM and first concept set."""
        wanted = (vlm or self._base, concept_set or self._own_set, self._alpha)
        return [
            cell
            for cell in self._result.cells
            if (cell.vlm, cell.concept_set, cell.alpha) == wanted and method in ("", cell.evaluation.method)
        ]

    def _vlm(self, name: str) -> str | None:
        return published_vlm(self._result.matrix.runs[name].vlm, self._result.runs[name].vlm)

    def _set(self, name: str) -> str | None:
        (leaf,) = (leaf for leaf in self._result.matrix.base.concepts if leaf.name == name)
        return published_set(leaf, self._result.own.digests[name])

    def _row(self, rows: Sequence[PublishedRow], name: str | None) -> PublishedRow | None:
        """The published row with that name, where the rest of the setting is the paper's."""
        found = [row for row in rows if self._comparable and row.names[0] == name]
        return found[0] if found else None


def _hits(hits: TruthHits) -> tuple[Value, ...]:
    return hits.hit_rate, hits.chance, hits.p_value
