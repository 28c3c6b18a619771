"""How many neurons are called significant: of the run itself, and of noise that responds to nothing.

python -m tests.benchmarks.evidence_calibration RUN.duckdb

The noise has the run's images, concepts and embeddings: at most 6 % of its neurons may be significant at 5 %.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.evidence.columns import P_VALUE, Q_VALUE, TWO_GROUPS
from engine.evidence.live import Evidence
from engine.requery import Requery
from engine.store.reader import RunReader
from tests.support.noise import noise_run

ALPHAS = (0.97, 0.93, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3)


def report(path: Path) -> None:
    """Prints, for every layer and α, the shares of the neurons of two images or more that are called significant."""
    with RunReader(path) as reader:
        requery = Requery(reader)
        evidence = Evidence(reader, requery)
        for layer in reader.layers:
            for alpha in ALPHAS:
                counts = requery.layer(layer.name, Cuts(alpha, 0.95)).counts
                found = evidence.layer(layer.name, Cuts(alpha, 0.95))
                several = counts > 1
                if not several.any():
                    continue
                significant = np.mean(found[P_VALUE][several] < 0.05), np.mean(found[Q_VALUE][several] < 0.05)
                split = counts >= 8
                groups = f"{np.mean(found[TWO_GROUPS][split]):5.1%} of {split.sum()}" if split.any() else "–"
                print(
                    f"{layer.name:22} α {alpha:4}  images {np.median(counts):6.0f}  units {several.sum():5}  "
                    f"p < 0.05 {significant[0]:6.1%}  q < 0.05 {significant[1]:6.1%}  two groups {groups}",
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--units", type=int, default=2000)
    options = parser.parse_args()
    print("The run's own neurons")
    report(options.file)
    with RunReader(options.file) as reader:
        embeddings, (texts, template) = reader.arrays.image_embeddings(), reader.arrays.text_embeddings()
    with tempfile.TemporaryDirectory() as folder:
        path = noise_run(Path(folder) / "noise.duckdb", embeddings, texts, template, options.units)
        print("Pure noise over its images")
        report(path)


if __name__ == "__main__":
    main()
