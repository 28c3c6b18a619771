"""The user's own VLM, from the user's own function. Naming it in a configuration runs its code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel

from engine.errors import ConfigError
from engine.factories import call_factory, call_facts, find_factory
from engine.keys import content_key
from engine.vlms.base import VLM, check_vlm

if TYPE_CHECKING:
    import torch

_REQUIRED = ("name", "dimension", "identity", "preprocess", "encode_images", "encode_texts")


class Options(BaseModel, extra="forbid", frozen=True):
    """`[vlm]` of a configuration with kind = "factory"."""

    factory: str
    """ "package.module:function", installed or beside the configuration. It is called with `device` and the arguments,
    and returns a VLM (engine.vlms.base). The function, its arguments and the source of the VLM's class are added to its
    identity."""
    arguments: dict[str, Any] = {}
    """Keyword arguments of the function"""


def identity(options: Options, base: Path) -> None:
    """None: only calling the function shows what it makes."""


def load(options: Options, base: Path, device: torch.device) -> VLM:
    """Calls the function. Raises MammiError when it is not found, raises, or returns something that is not a VLM."""
    factory = find_factory(options.factory, base, "vlm.factory")
    made = call_factory(factory, {**options.arguments, "device": device}, options.factory, "vlm.factory")
    missing = [name for name in _REQUIRED if not hasattr(made, name)]
    if missing:
        raise ConfigError(f"vlm.factory: what {options.factory} returned is not a VLM: it has no {', '.join(missing)}.")
    check_vlm(made, "vlm.factory")
    call = call_facts(factory, options.arguments, options.factory, (made,))
    return cast(VLM, _OwnVLM(made, content_key(made.identity, call)))


class _OwnVLM:
    """What the function returned, with a key of the call in its identity."""

    def __init__(self, made: Any, identity: str) -> None:
        self._made = made
        self.identity = identity

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)
