"""Every screen is as it was when it was last looked at. A difference that is meant is written anew, and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mammi_tui.snapshots.screens import SCREENS, SIZES, drawn, stored, write_run

RENEW = "python -m tests.mammi_tui.snapshots"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("snapshots"))


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SCREENS)
async def test_a_screen_is_as_it_was(run: Path, tmp_path: Path, name: str, size: tuple[int, int]) -> None:
    now = await drawn(run, tmp_path, name, size)
    before = stored(name, size).read_text("utf-8")
    assert now.splitlines() == before.splitlines(), f"renew with `{RENEW} {name!r}` if this is meant"


def test_every_stored_screen_is_compared() -> None:
    files = {path for size in SIZES for path in stored("", size).parent.glob("*.txt")}
    assert files == {stored(name, size) for name in SCREENS for size in SIZES}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("name", SCREENS)
def test_a_stored_screen_fills_the_terminal(name: str, size: tuple[int, int]) -> None:
    lines = stored(name, size).read_text("utf-8").splitlines()
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]
