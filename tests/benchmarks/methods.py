"""What each live method costs over a run file of tests.benchmarks.nih_scale, in a process of its own.

python -m tests.benchmarks.nih_scale make FILE.duckdb [--images 20000 --dimension 256]
python -m tests.benchmarks.methods FILE.duckdb [--captions 10000] [METHOD …]
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from engine.annotation.cuts import Cuts
from engine.methods import clip_dissect, falcon, mammi, www
from engine.methods.base import Method
from engine.requery import Requery
from engine.store.reader import RunReader

MEASURES = ("soft_wpmi", "wpmi", "cos_similarity", "cos_similarity_cubed", "rank_reorder")
METHODS = ("mammi", "www", *(f"clip_dissect {measure}" for measure in MEASURES), "falcon")
UNITS = range(40, 60)


def measure(path: Path, name: str, captions: int) -> None:
    """Prints the cost of a layer's first neuron, the median of further ones, and the peak memory.

    Costs are in seconds of wall time and, less dependent on other load, of processor time.
    """
    with RunReader(path) as reader:
        requery = Requery(reader)
        requery.warm()
        opened = peak_megabytes()
        method = _method(name, reader, requery, captions)
        layer = reader.layers[0].name
        taken, worked = [], []
        for unit in UNITS:
            started, working = time.perf_counter(), time.process_time()
            method.neuron(layer, unit, Cuts(0.931, 0.95))
            taken.append(time.perf_counter() - started)
            worked.append(time.process_time() - working)
        print(
            f"{name:34} first {taken[0]:6.2f} s ({worked[0]:6.2f} of processors)   "
            f"further {1e3 * np.median(taken[1:]):7.1f} ms ({1e3 * np.median(worked[1:]):7.1f})   "
            f"peak {peak_megabytes():5.0f} MB ({opened:.0f} opened)",
            flush=True,
        )


def _method(name: str, reader: RunReader, requery: Requery, captions: int) -> Method:
    if name == "mammi":
        return mammi.load(mammi.Options(), reader, requery)
    if name == "www":
        return www.load(www.Options(), reader, requery)
    if name == "falcon":
        _make_up_captions(reader, captions)
        return falcon.load(falcon.Options(), reader, requery)
    return clip_dissect.load(clip_dissect.Options.model_validate({"similarity": name.split()[1]}), reader, requery)


def _make_up_captions(reader: RunReader, count: int) -> None:
    """Gives the run made-up captions: sentences of eight words out of 2,000."""
    rng = np.random.default_rng(2)
    words = [
        f"word{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10 % 10]}{'x' * (number // 100)}"
        for number in range(2000)
    ]
    reader.__dict__["captions"] = tuple(
        " ".join(words[place] for place in rng.integers(2000, size=8)) for _ in range(count)
    )
    embeddings = rng.normal(size=(count, reader.info.dimension)).astype(np.float32)
    reader.arrays.__dict__["caption_embeddings"] = lambda: embeddings


def peak_megabytes() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1e6 if sys.platform == "darwin" else 1e3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("methods", nargs="*", choices=[*METHODS, []], default=[])
    parser.add_argument("--captions", type=int, default=10_000)
    options = parser.parse_args()
    chosen = options.methods or METHODS
    if len(chosen) == 1:
        measure(options.file, chosen[0], options.captions)
        return
    for name in chosen:
        command = [sys.executable, "-m", "tests.benchmarks.methods", str(options.file), name]
        subprocess.run([*command, "--captions", str(options.captions)], check=True)


if __name__ == "__main__":
    main()
