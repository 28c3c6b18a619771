"""Loads models of the transformers package from weights that another version of it saved.

transformers renames parts of its models from version to version and converts old names as it loads. It reports weights
that it cannot place and leaves those parameters random; here that is an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor
from transformers import PretrainedConfig, PreTrainedModel
from transformers.utils import logging

from engine.weights.fitting import check_fit

Model = TypeVar("Model", bound=PreTrainedModel)

logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # its report becomes an error of ours
logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The weights whose names begin with the prefix, which is cut off."""
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def load_converted(
    architecture: type[Model],
    config: PretrainedConfig,
    weights: Mapping[str, Tensor],
    path: Path,
    prefix: str = "",
    dropped: Sequence[str] = (),
) -> Model:
    """The model in float32 and evaluation mode, with every parameter from `weights`, whose names have no prefix.

    `dropped` are globs of tensors that older versions saved although the architecture defines them. `path` names the
    file of the weights, and `prefix` what precedes their names there, for errors. Raises MammiError that lists the
    missing, unexpected and mismatched keys.
    """
    kept = {name: value for name, value in weights.items() if not any(fnmatchcase(name, glob) for glob in dropped)}
    load: Any = architecture.from_pretrained  # its type does not say that it returns a pair with a report
    model, report = load(
        None,
        config=config,
        state_dict=kept,
        dtype=torch.float32,
        attn_implementation="sdpa" if architecture._supports_sdpa else "eager",
        ignore_mismatched_sizes=True,  # reported below
        output_loading_info=True,
    )
    check_fit(
        path,
        [prefix + name for name in report["missing_keys"]],
        [prefix + name for name in report["unexpected_keys"]],
        {prefix + name: (own, wanted) for name, own, wanted in report["mismatched_keys"]},
    )
    loaded: Model = model.eval()
    return loaded
