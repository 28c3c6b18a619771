"""Finds the state dict in a file that fits a model, and loads it strictly."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from torch import Tensor, nn

from engine.errors import ConfigError, MammiError
from engine.weights.checkpoint import PREFIX, TOP, WRAPPERS, Checkpoint, StateDict, opened, without_parallel

WEIGHTS, WEIGHTS_KEY, IGNORE_KEYS = "target.weights", "target.weights_key", "target.ignore_keys"
"""The keys of [target], for messages"""

log = logging.getLogger(__name__)

_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
_STATISTICS = (".running_mean", ".running_var")
_COUNT = ".num_batches_tracked"
_AVERAGED = "n_averaged"
"""What torch.optim.swa_utils.AveragedModel keeps beside the model's tensors: how many weights it has averaged"""
_SHOWN, _LONGEST = 3, 200


@dataclass(frozen=True, slots=True)
class Fitting:
    """The weights in a file that fit a model, under the model's own names where it has them."""

    tensors: dict[str, Tensor]
    key: str
    """The key in the file under which they were, without what is usual: "" for a plain or a usual wrapper"""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """Names in an entry of a file that share a prefix, which a model's names would have."""

    entry: str
    prefix: str
    found: int
    """How many of the model's names it has"""

    @property
    def key(self) -> str:
        return ".".join(part for part in (self.entry, self.prefix.rstrip(".")) if part)


def read_fitting(
    path: Path, own: Mapping[str, Tensor], weights_key: str | None = None, ignored: Sequence[str] = ()
) -> Fitting:
    """The weights in the file that fit a model whose state dict is `own`.

    A file may hold several state dicts, each under a key of a training script's: "net", "model_state_dict", "ema". A
    state dict may hold several models, each under a prefix: `module.`, `backbone.`, `module.encoder_q.`. Both are found
    by fit: at least half of the names of the model's parameters, with tensors of the same shapes (of any shapes, if
    none has that). `weights_key` chooses among several by the key and the prefix, with dots, or where none fits. Names
    beside the prefix are kept, unless `weights_key` has named it, and load_strictly will not expect them.

    An older way of writing is covered: before torchvision 0.2.2, DenseNets had `norm.1` for `norm1`
    (torchvision/models/densenet.py, _load_state_dict).

    Raises ConfigError when there is no file, or nothing under `weights_key`, and MammiError when the file is no
    checkpoint, and when several state dicts fit, such as MoCo's `encoder_q` and `encoder_k`, unless `ignored` (names or
    globs, as in the file) covers all but one.
    """
    with opened(path, WEIGHTS) as checkpoint:
        entries = {
            key: {
                _OLD_DENSENET.sub(r"\1\2", name): stored
                for name, stored in without_parallel(names).items()
                if name.rpartition(".")[2] != _AVERAGED
            }
            for key, names in (checkpoint.entries if weights_key is None else _under(weights_key, checkpoint)).items()
        }
        chosen = _chosen(entries, own, path, ignored) or _likeliest(entries, own, checkpoint)
        tensors = checkpoint.read(entries[chosen.entry])
    matched = {name.removeprefix(chosen.prefix): value for name, value in tensors.items()}
    if len(matched) < len(tensors):  # a name with the prefix, and the same without it
        matched = tensors
    if weights_key is None:
        _tell_others(checkpoint, chosen, len(own))
    return Fitting(matched, "" if chosen.entry in ("", *WRAPPERS) else chosen.entry)


def _under(weights_key: str, checkpoint: Checkpoint) -> dict[str, StateDict]:
    """What a file holds under a key that the configuration names: an entry, or the names in one that share a prefix."""
    if weights_key in checkpoint.entries:
        return {weights_key: checkpoint.entries[weights_key]}
    for entry, names in checkpoint.entries.items():
        if not entry or weights_key.startswith(f"{entry}."):
            rest = weights_key.removeprefix(f"{entry}." if entry else "")
            for prefix in (f"{rest}.", f"{PREFIX}{rest}."):
                found = {name.removeprefix(prefix): stored for name, stored in names.items() if name.startswith(prefix)}
                if found:
                    return {weights_key: found}
    raise ConfigError(
        f'{WEIGHTS_KEY} = "{weights_key}": {checkpoint.path} holds no tensors under it. '
        f"It holds some under: {checkpoint.listed()}."
    )


def _chosen(
    entries: Mapping[str, StateDict], own: Mapping[str, Tensor], path: Path, ignored: Sequence[str]
) -> _Candidate | None:
    """The one state dict that fits; None if none does."""
    shapes = {name: tuple(value.shape) for name, value in own.items() if not name.endswith((*_STATISTICS, _COUNT))}
    for same_shape in (True, False):
        found: list[_Candidate] = []
        for entry, names in entries.items():
            counts = Counter(
                name[:start]
                for name in not_ignored(names, ignored)
                for start in (0, *(dot.end() for dot in re.finditer(r"\.", name)))
                if name[start:] in shapes and (not same_shape or names[name].shape == shapes[name[start:]])
            )
            most = max(counts.values(), default=0)
            if 2 * most >= len(shapes):
                best = sorted(prefix for prefix, count in counts.items() if count == most)
                found += [_Candidate(entry, prefix, most) for prefix in ([""] if "" in best else best)]
        different = {_places(entries[each.entry], each.prefix, own): each for each in reversed(found)}
        if len(different) > 1:
            keys = [each.key or TOP for each in found if each in different.values()]
            raise MammiError(
                f"{path} holds several models that fit, under {' and '.join(keys[:_SHOWN])}: which one is meant?",
                f'Say it with {WEIGHTS_KEY} = "{found[0].key}".',
            )
        if found:
            return found[0]
    return None


def _places(names: StateDict, prefix: str, own: Iterable[str]) -> frozenset[tuple[str, tuple[object, ...]]]:
    """Where the tensors of a candidate stand in the file: equal for one state dict saved under two keys."""
    return frozenset((name, names[prefix + name].place) for name in own if prefix + name in names)


def _likeliest(entries: Mapping[str, StateDict], own: Mapping[str, Tensor], checkpoint: Checkpoint) -> _Candidate:
    """Where nothing fits: the entry that shares most names with the model, or has most. What does not fit is listed."""
    entry = max(entries, key=lambda each: (len(entries[each].keys() & own.keys()), len(entries[each])))
    if len(entries) > 1:
        log.warning(
            "%s: no state dict in %s fits the model; it holds tensors under %s. Those under %s are compared with it.",
            *(WEIGHTS, checkpoint.path.name, checkpoint.listed(), entry or TOP),
        )
    return _Candidate(entry, "", 0)


def _tell_others(checkpoint: Checkpoint, chosen: _Candidate, size: int) -> None:
    """Warns of other state dicts of about the model's size, such as an average of the weights."""
    others = [
        key
        for key, names in checkpoint.entries.items()
        if key != chosen.entry and 2 * len(names) >= size and not key.startswith(f"{chosen.entry}.")
    ]
    if others and chosen.found:
        log.warning(
            "%s: the weights are those under %s in %s, which fit the model; it also holds tensors under %s.",
            *(WEIGHTS, chosen.key or TOP, checkpoint.path.name, ", ".join(others[:_SHOWN])),
        )


def load_strictly(
    module: nn.Module, weights: Mapping[str, Tensor], path: Path, ignored: Sequence[str] = (), key: str = ""
) -> frozenset[str]:
    """Loads the weights into the module. `ignored` (names or globs) must cover the keys that do not fit.

    Returns the names of the module's own tensors that are left without weights from the file: parameters, which are
    random then, and the statistics of batch norms. Other buffers are constants. Batch norms need not count batches,
    which only training uses, and did not before torch 0.4.1.

    `path`, the file of the weights, and `key`, the configuration's key that lists the ignored ones, are for errors.
    Raises MammiError that lists the missing, unexpected and mismatched keys, or quantised weights.
    """
    own = module.state_dict()
    different = {name for name in own.keys() & weights.keys() if own[name].shape != weights[name].shape}
    shapes = {name: (list(weights[name].shape), list(own[name].shape)) for name in different}
    missing = (name for name in own.keys() - weights.keys() if not name.endswith(_COUNT))
    check_fit(path, missing, weights.keys() - own.keys(), shapes, ignored, key)
    fitting = own.keys() & weights.keys() - different
    quantised = sorted(name for name in fitting if own[name].is_floating_point() > weights[name].is_floating_point())
    if quantised:
        raise MammiError(
            f"{path}: {few(quantised)}: {weights[quantised[0]].dtype}, where the model has floating-point numbers, as "
            "quantised weights are.",
            "Give the weights as they were before, in floating point.",
        )
    own.update({name: weights[name] for name in fitting})  # in place, as it holds the versions of its modules too
    module.load_state_dict(own)
    learned = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    return frozenset(name for name in own.keys() - fitting if name in learned or name.endswith(_STATISTICS))


def check_fit(
    path: Path,
    missing: Iterable[str],
    unexpected: Iterable[str],
    shapes: Mapping[str, tuple[Sequence[int], Sequence[int]]],
    ignored: Sequence[str] = (),
    key: str = "",
) -> None:
    """Raises MammiError that lists the weights that do not fit a model, without the ignored ones (names or globs).

    `shapes` holds the two shapes, its own and the model's, of each tensor where they differ. `path` and `key` are those
    of load_strictly.
    """
    lacking, beyond, different = (not_ignored(names, ignored) for names in (missing, unexpected, shapes))
    kinds = {
        "missing": lacking,
        "unexpected": beyond,
        "of another shape": [f"{name} {list(shapes[name][0])} for {list(shapes[name][1])}" for name in different],
    }
    if not any(kinds.values()):
        return
    listed = "; ".join(f"{kind}: {few(names)}" for kind, names in kinds.items() if names)
    hint = ""
    if key and (lacking or different):
        hint = (
            'Give weights that fit, or build the model as it was trained in a function of yours (kind = "factory"). '
            f"What {key} names is passed over: it stays random, and so do all layers after it."
        )
    elif key:
        hint = f"Name keys to pass over in {key}."
    raise MammiError(f"{path} does not fit the model. {listed}.", hint)


def not_ignored(names: Iterable[str], ignored: Sequence[str]) -> list[str]:
    return sorted(name for name in names if not any(fnmatchcase(name, pattern) for pattern in ignored))


def few(names: Sequence[str]) -> str:
    """At most three of the names, and how many more there are."""
    rest = len(names) - _SHOWN
    shown = (name if len(name) <= _LONGEST else f"{name[:_LONGEST]}…" for name in names[:_SHOWN])
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")
