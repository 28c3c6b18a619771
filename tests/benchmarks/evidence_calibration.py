"""How many neurons are called significant: of the run itself, and of noise that responds to nothing.

python -m tests.benchmarks.evidence_calibration RUN.duckdb [--ranking z] [--selection top-40]

The noise has the run's images, concepts and embeddings: at most 6 % of its neurons may be significant at 5 %.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from engine.annotation.cuts import RANKINGS, TAU, Cuts, Ranking, Selection
from engine.evidence.columns import P_VALUE, Q_VALUE
from engine.evidence.image_columns import TWO_GROUPS
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.noise import noise_run

ALPHAS = (0.97, 0.93, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3)


def report(path: Path, ranking: Ranking = "score", selection: Selection = TAU) -> None:
    """Prints, for every layer and α, the shares of the neurons of two images or more that are called significant."""
    alphas = ALPHAS if selection.rule == "tau" else ALPHAS[:1]
    with RunReader(path) as reader:
        requery = Requery(reader)
        evidence = Evidence(reader, requery)
        for layer in reader.layers:
            for alpha in alphas:
                cuts = Cuts(alpha, 0.95, ranking=ranking, selection=selection)
                counts = requery.layer(layer.name, cuts).counts
                found = evidence.layer(layer.name, cuts)
                several = counts > 1
                if not several.any():
                    continue
                significant = np.mean(found[P_VALUE][several] < 0.05), np.mean(found[Q_VALUE][several] < 0.05)
                split = counts >= 8
                groups = f"{np.mean(found[TWO_GROUPS][split]):5.1%} of {split.sum()}" if split.any() else "–"
                print(
                    f"{layer.name:22} {_named(cuts):10}  images {np.median(counts):6.0f}  units {several.sum():5}  "
                    f"p < 0.05 {significant[0]:6.1%}  q < 0.05 {significant[1]:6.1%}  two groups {groups}",
                    flush=True,
                )


def _named(cuts: Cuts) -> str:
    return f"α {cuts.alpha:4}" if cuts.selection == TAU else str(cuts.selection)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--ranking", choices=RANKINGS, default="score", help="what concepts are ranked by")
    parser.add_argument("--selection", type=Selection.parse, default=TAU, help="tau, top-40 or adaptive")
    options = parser.parse_args()
    print("The run's own neurons")
    report(options.file, options.ranking, options.selection)
    with RunReader(options.file) as reader:
        embeddings, (texts, template) = reader.arrays.image_embeddings(), reader.arrays.text_embeddings()
    with tempfile.TemporaryDirectory() as folder:
        path = noise_run(Path(folder) / "noise.duckdb", embeddings, texts, template, options.units)
        print("Pure noise over its images")
        report(path, options.ranking, options.selection)


if __name__ == "__main__":
    main()
