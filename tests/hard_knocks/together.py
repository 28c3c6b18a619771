"""Tries many hostile inputs in one forked process, as a process for each would take most of the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from engine.errors import MammiError
from tests.hard_knocks.knock import Setting
from tests.hard_knocks.sandbox import fall_of, fault_of

ALLOWED = ("subprocess.Popen",)
"""Decoders work in a process of the project's own"""


def falls_of(
    tries: Sequence[tuple[str, bytes]],
    call: Callable[[bytes], object],
    setting: Setting,
    *,
    at_once: int = 50,
    seconds: float = 60.0,
) -> Iterator[str | None]:
    """For each of the tries, its name and its bytes, what fall_of says of the call."""
    for start in range(0, len(tries), at_once):
        some = tries[start : start + at_once]
        if (
            fall_of(partial(_all, call, some), setting.folder, seconds=seconds * len(some) ** 0.5, allowed=ALLOWED)
            is None
        ):
            yield from [None] * len(some)
            continue
        for name, data in some:
            fall = fall_of(partial(call, data), setting.folder, seconds=seconds, allowed=ALLOWED)
            yield fall and f"{name} of seed {setting.seed} ({len(data):,} bytes, {data[:12]!r}): {fall}"


def _all(call: Callable[[bytes], object], tries: Sequence[tuple[str, bytes]]) -> None:
    """Raises an error where one of the calls refuses in other words than the project's own."""
    for _, data in tries:
        try:
            call(data)
        except MammiError as error:
            if fault_of(str(error)):
                raise RuntimeError(str(error)) from None
