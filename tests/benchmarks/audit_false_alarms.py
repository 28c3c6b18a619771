"""How often the audit of shortcuts speaks of a shortcut where there is none.

python -m tests.benchmarks.audit_false_alarms RUN.duckdb...

The runs are of phantoms with different seeds. The age of a phantom changes nothing on its film, so no unit and no
output can follow it. Beside it, every attribute is permuted over patients: each patient gets the values of another one,
so that films of one patient stay alike. Both are looked at as the audit looks at any attribute.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.auditing.areas import Areas
from engine.auditing.layers import TraitFinder
from engine.auditing.traits import Traits
from engine.decisions.audit.classes import class_traits
from engine.decisions.outputs import Outcomes
from engine.store.reader import RunReader


class _Permuted(TraitFinder):
    """Looks at traits that were permuted over patients. It tests every area, also those near 0.5."""

    def __init__(self, reader: RunReader, traits: Traits) -> None:
        super().__init__(reader)
        self.traits = traits  # type: ignore[misc]

    def of_values(self, values: np.ndarray, ascending: np.ndarray, least: float = 0.0) -> Areas:
        return super().of_values(values, ascending)


@dataclass(slots=True)
class Counts:
    """What was found in all runs."""

    tests: int = 0
    below: int = 0
    """Tests of units with p < 0.05"""
    follow: int = 0
    rather: int = 0
    outputs: int = 0
    """Pairs of output and trait"""
    gaps: int = 0
    gaps_below: int = 0
    alike: int = 0
    alike_below: int = 0
    read: int = 0
    runs: int = 0
    runs_with_any: int = 0

    def look(self, finder: TraitFinder, outcomes: Outcomes, reader: RunReader) -> None:
        """Adds one run."""
        for layer in reader.layers:
            found = finder.layer(layer)
            tested = ~np.isnan(found.p_values)
            self.tests += int(tested.sum())
            self.below += int((found.p_values < 0.05).sum())
            self.follow += int(found.follows.sum())
            self.rather += int(found.rather.sum())
        classes = class_traits(outcomes, finder)
        p = np.array([(each.own.p_value, each.others.p_value) for each in classes])
        alike = np.array([each.area_p for each in classes])
        self.gaps, self.gaps_below = self.gaps + int((~np.isnan(p)).sum()), self.gaps_below + int((p < 0.05).sum())
        self.alike += int((~np.isnan(alike)).sum())
        self.alike_below += int((alike < 0.05).sum())
        self.outputs += sum(each.judged for each in classes)
        read = sum(bool(each.reads) for each in classes)
        self.read += read
        self.runs, self.runs_with_any = self.runs + 1, self.runs_with_any + bool(read)

    def lines(self) -> Iterator[str]:
        yield f"  units × traits tested {self.tests:6}   p < 0.05 {_share(self.below, self.tests)}"
        follow = _share(self.follow, self.tests)
        yield f"    follow it (q < 0.05, effect) {follow}   more than any finding {self.rather}"
        yield f"  outputs × traits, films alike {self.alike:5}   p < 0.05 {_share(self.alike_below, self.alike)}"
        yield f"  gaps of AUROC {self.gaps:5}   p < 0.05 {_share(self.gaps_below, self.gaps)}"
        yield f"  outputs × traits judged {self.outputs:5}   called shortcuts {_share(self.read, self.outputs)}"
        yield f"  runs {self.runs}   with any shortcut {self.runs_with_any}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:6.2%} ({part})" if whole else "–"


def permuted(traits: Traits, patients: np.ndarray, rng: np.random.Generator) -> Traits:
    """Each patient's films get, in turn, the values of the films of another patient."""
    order = np.argsort(patients, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(patients[order]) != 0]))
    films = np.split(order, starts[1:])
    others = [films[place] for place in rng.permutation(len(films))]
    source = np.empty(len(patients), dtype=np.int64)
    for mine, other in zip(films, others, strict=True):
        source[mine] = np.resize(other, len(mine))
    moved = (replace(each, members=each.members[source], known=each.known[source]) for each in traits.found)
    return Traits(tuple(each for each in moved if min(each.films) >= 20), ())


def only(traits: Traits, attribute: str) -> Traits:
    return Traits(tuple(each for each in traits.found if each.attribute == attribute), ())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--permutations", type=int, default=2, help="of each run")
    options = parser.parse_args()
    age, others, real = Counts(), Counts(), Counts()
    for place, path in enumerate(options.files):
        with RunReader(path) as reader:
            finder, outcomes = TraitFinder(reader), Outcomes.of(reader)
            if outcomes is None:
                parser.error(f"{path} holds no outputs")
            age.look(_Permuted(reader, only(finder.traits, "age")), outcomes, reader)
            for number in range(options.permutations):
                traits = permuted(finder.traits, finder.strata.clusters, np.random.default_rng([place, number]))
                others.look(_Permuted(reader, traits), outcomes, reader)
            real.look(finder, outcomes, reader)
        print(f"{path.name}: {', '.join(trait.name for trait in finder.traits.found)}", flush=True)
    for title, counts in (
        ("Age, which no film shows", age),
        ("Attributes permuted over patients", others),
        ("The attributes themselves (not noise: films do show sex, view and devices)", real),
    ):
        print(title)
        for line in counts.lines():
            print(line)


if __name__ == "__main__":
    main()
