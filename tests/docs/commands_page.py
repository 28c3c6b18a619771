"""docs/commands.md, made from the `--help` texts: `python -m tests.docs.commands_page` writes it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from mammi_tui.cli import cli
from tests.shared import ROOT

PAGE = ROOT / "docs" / "commands.md"
RENEW = "python -m tests.docs.commands_page"
WIDTH = 100
"""Characters of a line of help, whatever the terminal"""
_HEAD = f"""\
# Commands

The `--help` text of every command. This page is generated: `{RENEW}` writes it.

Every command exits with status 0 on success, 2 on wrong arguments or a wrong configuration, and 1 on any other failure.
Errors go to standard error, in one or two lines; `--debug` adds the traceback.
"""


def page() -> str:
    """The whole page, as it should be now."""
    sections = (f"## {name}\n\n```text\n{text}\n```\n" for name, text in _help_texts(cli, "mammi", None))
    return "\n".join((_HEAD, *sections))


def _help_texts(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    """A command's full name with its help, then those of its subcommands."""
    context = click.Context(command, parent, info_name=name, terminal_width=WIDTH, help_option_names=["-h", "--help"])
    yield context.command_path, command.get_help(context)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from _help_texts(found, child, context)


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(PAGE)
