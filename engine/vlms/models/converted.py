"""Models of the transformers package from weights that another of its versions saved.

transformers renames parts of its models from version to version and converts old names as it loads. What it cannot
place it reports and leaves at random; here that is an error.
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

from engine.weights.checkpoint import check_fit

Model = TypeVar("Model", bound=PreTrainedModel)

logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # what its report would say is an error of ours
logging.disable_progress_bar()  # type: ignore[no-untyped-call]


def part(weights: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The weights whose names begin with the prefix, without it."""
    return {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}


def load_converted(
    architecture: type[Model],
    config: PretrainedConfig,
    weights: Mapping[str, Tensor],
    path: Path,
    prefix: str = "",
    dropped: Sequence[str] = (),
) -> Model:
    """The model in float32 and evaluation mode, every parameter from `weights`, which have no prefix.

    `dropped` are globs of tensors that older versions saved and the architecture defines. `path` is where the weights
    are from and `prefix` what stands before their names there, for errors. Raises MammiError that lists the missing,
    unexpected and mismatched keys.
    """
    kept = {name: value for name, value in weights.items() if not any(fnmatchcase(name, glob) for glob in dropped)}
    load: Any = architecture.from_pretrained  # with a report it returns a pair, which its type does not tell
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
