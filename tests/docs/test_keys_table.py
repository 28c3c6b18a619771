"""The guide's table of keys: each is a usual key of some binding, and no key of the explorer is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mammi_tui.key_places import Place, keys_in_force, places
from mammi_tui.keyboard.names import key_named
from tests.shared import ROOT

PART = re.compile(r"### Keys\n(.*?)\n### ", re.DOTALL)


def keys_in_the_guide() -> set[str]:
    part = PART.search((ROOT / "docs" / "guide.md").read_text("utf-8"))
    assert part
    rows = [line for line in part[1].splitlines() if line.startswith("|")]
    return {key_named(text) for row in rows[2:] for text in re.findall(r"`([^`]+)`", row) if text != "fg"}


def test_the_example_of_a_file_of_keys_is_right(tmp_path: Path) -> None:
    file = tmp_path / "keys.toml"
    part = PART.search((ROOT / "docs" / "guide.md").read_text("utf-8"))
    assert part
    file.write_text("\n".join(line for line in part[1].splitlines() if line.startswith("    ")), "utf-8")
    keymap, problems = keys_in_force(file)
    assert problems == []
    assert keymap.keys["verdict.accept"] == ("f7", "ctrl+y")
    assert len(keymap.keys) == 4


def test_every_key_in_the_table_works() -> None:
    usual = {key for place in places() for binding in place.bindings for key in binding.keys}
    assert keys_in_the_guide() - usual == set()


@pytest.mark.parametrize("place", places()[:2], ids=lambda place: place.title)
def test_every_key_of_the_explorer_is_in_the_table_or_named_beside_it(place: Place) -> None:
    part = PART.search((ROOT / "docs" / "guide.md").read_text("utf-8"))
    assert part
    named = keys_in_the_guide() | {
        key_named(text)
        for text in re.findall(r"`([^`\s]+)`", part[1])
        if re.fullmatch(r"[!-~]|Ctrl\+\w|F\d+|Esc", text)
    }
    missing = [binding.name for binding in place.bindings if not named & set(binding.keys)]
    assert missing == []
