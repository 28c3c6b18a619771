"""`mammi keys`: prints every key of the explorer, and checks the file that gives other ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mammi_tui.console.say import say, say_json

if TYPE_CHECKING:
    from mammi_tui.key_places import Place
    from mammi_tui.keyboard.keymap import Keymap

CHANGED = "*"


@click.command("keys")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def keys(as_json: bool) -> None:
    """Print the explorer's keys: the id of each, the keys in force and what they do.

    A file gives other keys to an id with a line such as "verdict.accept" = "y, ctrl+y"; with "" the id has no key. The
    file is ~/.config/mammi/keys.toml, or mammi/keys.toml in $XDG_CONFIG_HOME.

    * marks what the file has changed. What is wrong with the file is told, with its line, and the exit status is then
    2; the explorer opens with the rest.
    """
    from engine.errors import ConfigError
    from mammi_tui.key_places import keys_in_force, places, told
    from mammi_tui.keyboard.file import keys_file
    from mammi_tui.text import count

    path = keys_file()
    keymap, problems = keys_in_force(path)
    found = places()
    if as_json:
        shown = as_object(found, keymap) | {"file": str(path), "problems": told(path, problems)}
        say_json(shown)
    else:
        say(*as_text(found, keymap))
        say("", f"{path}{'' if path.exists() else ' (there is no such file)'}")
    if problems:
        say(*told(path, problems), err=True)
        raise ConfigError(f"{path}: {count(len(problems), 'fault')}; what is at fault has no effect")


def as_object(found: list[Place], keymap: Keymap) -> dict[str, object]:
    """The keys as JSON types, by place."""
    from mammi_tui.keyboard.names import written

    return {
        "places": [
            {
                "place": place.title,
                "bindings": [
                    {
                        "id": binding.name,
                        "keys": list(map(written, keymap.keys.get(binding.name, binding.keys))),
                        "usual": list(map(written, binding.keys)),
                        "changed": binding.name in keymap.keys,
                        "does": binding.does,
                    }
                    for binding in place.bindings
                ],
            }
            for place in found
        ]
    }


def as_text(found: list[Place], keymap: Keymap) -> list[str]:
    """The keys as lines, by place."""
    from mammi_tui.console.text_table import table
    from mammi_tui.keyboard.names import written

    rows = [
        (
            f"{CHANGED if binding.name in keymap.keys else ' '} {binding.name}",
            "  ".join(map(written, keymap.keys.get(binding.name, binding.keys))) or "none",
            binding.does,
        )
        for place in found
        for binding in place.bindings
    ]
    lines = iter(list(table((), rows)))
    return [line for place in found for line in ("", place.title, *(next(lines) for _ in place.bindings))][1:]
