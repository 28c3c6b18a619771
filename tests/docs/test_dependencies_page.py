"""docs/dependencies.md lists every package that the project names, with its purpose and licence."""

from __future__ import annotations

import re

from tests.docs.dependencies_page import END, PAGE, PURPOSES, RENEW, START, needed


def test_every_package_is_listed_with_its_licence() -> None:
    table = PAGE.read_text("utf-8").partition(START)[2].partition(END)[0]
    rows = re.findall(r"^\| ([\w.-]+) \| (.+) \| .+ \| (.+) \|$", table, re.MULTILINE)[2:]
    listed = {name: (purpose, licence) for name, purpose, licence in rows}
    assert {name: purpose for name, (purpose, _) in listed.items()} == {name: PURPOSES[name] for name in needed()}, (
        f"docs/dependencies.md is stale: run `{RENEW}`"
    )
    assert not [name for name, (_, licence) in listed.items() if licence in ("", "not installed here")]
