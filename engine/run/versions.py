"""The versions of what computes a run."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("mammi-explorer", "torch", "torchvision", "numpy", "pillow")
"""The packages whose versions a run file keeps"""


def versions() -> dict[str, str]:
    """The version of Python, and of each package."""
    return {"python": platform.python_version(), **{package: package_version(package) for package in PACKAGES}}


@cache
def package_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
