"""The names of tar files that a pattern with braces stands for, as WebDataset's users write them."""

from __future__ import annotations

import re

MOST = 100_000
"""The most names of a pattern"""
_LONGEST = 1000
"""Characters of a pattern"""
_MOST_BRACES = 64
"""Those of one part only would not end by MOST"""
_BRACES = re.compile(r"\{([^{}]*)\}")
_RANGE = re.compile(r"(\d+)\.\.(\d+)", re.ASCII)


def expanded(pattern: str) -> list[str]:
    """Every name of a pattern: "a-{08..10}.tar" is a-08.tar, a-09.tar and a-10.tar; "{a,b}.tar" is a.tar and b.tar.

    Raises ValueError for braces that are neither, for too many of them, and for more than MOST names.
    """
    if len(pattern) > _LONGEST or pattern.count("{") > _MOST_BRACES:
        raise ValueError(f"it has more than {_LONGEST:,} characters or {_MOST_BRACES} braces")
    braces = _BRACES.search(pattern)
    if braces is None:
        if "{" in pattern or "}" in pattern:
            raise ValueError(f"{pattern!r} has a brace without its other half")
        return [pattern]
    names = []
    for part in _parts(braces[1]):
        names += expanded(pattern[: braces.start()] + part + pattern[braces.end() :])
        if len(names) > MOST:
            raise ValueError(f"it stands for more than {MOST:,} names")
    return names


def _parts(text: str) -> list[str]:
    numbers = _RANGE.fullmatch(text)
    if numbers is None:
        if "," not in text:
            raise ValueError(f"{{{text}}} is neither a range, such as {{000..112}}, nor a list, such as {{a,b}}")
        return text.split(",")
    first, last = int(numbers[1]), int(numbers[2])
    if not 0 <= last - first < MOST:
        raise ValueError(f"{{{text}}} is no range of at most {MOST:,} numbers that grow")
    width = len(numbers[1]) if numbers[1].startswith("0") else 0
    return [f"{number:0{width}}" for number in range(first, last + 1)]
