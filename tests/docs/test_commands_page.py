"""docs/commands.md says what `--help` says."""

from __future__ import annotations

from tests.docs.commands_page import PAGE, RENEW, page


def test_the_page_of_commands_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == page(), f"docs/commands.md is stale: run `{RENEW}`"
