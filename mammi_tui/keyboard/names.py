"""Names of keys: those that a person writes, those that Textual uses, and those that are shown."""

from __future__ import annotations

from textual.keys import KEY_DISPLAY_ALIASES, _character_to_key, format_key

from engine.likeness import closest

MODIFIERS = ("alt", "ctrl", "hyper", "meta", "shift", "super")
"""In the order in which Textual names them"""
NAMED = {
    *("backspace", "delete", "down", "end", "enter", "escape", "home", "insert", "left"),
    *("pagedown", "pageup", "right", "space", "tab", "up"),
    *(f"f{number}" for number in range(1, 25)),
}
"""Keys that type no character"""
PUNCTUATION = {_character_to_key(character): character for character in "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}
"""Textual's name of a character, and the character"""
ALIASES = {shown: name for name, shown in KEY_DISPLAY_ALIASES.items()} | {
    "return": "enter",
    "page_up": "pageup",
    "page_down": "pagedown",
    "ins": "insert",
}
"""Other names of keys, such as those on screen"""


def key_named(text: str) -> str:
    """Textual's name of a key that a person wrote: `y`, `?`, `Ctrl+Y`, `ctrl+shift+left`, `esc`.

    Raises ValueError, which says what is wrong with the text.
    """
    *modifiers, last = _parts(text)
    modifiers = [modifier.lower().replace("control", "ctrl") for modifier in modifiers]
    for modifier in modifiers:
        if modifier not in MODIFIERS:
            raise ValueError(f"{modifier!r} is no modifier. Known: {', '.join(MODIFIERS)}.")
    key = _last(last)
    if len(key) == 1 and modifiers == ["shift"]:
        return _shifted(key)
    if len(key) == 1 and modifiers:
        key = key.lower()
    return "+".join([*sorted(set(modifiers)), key])


def _parts(text: str) -> list[str]:
    """The parts of `ctrl+y`, and of `ctrl++`, whose last part is the plus sign."""
    text = text.strip()
    if text.startswith("^") and len(text) > 1:
        text = f"ctrl+{text[1:]}"
    if text == "+" or text.endswith("++"):
        return [*filter(None, text[:-1].split("+")), "+"]
    return [part.strip() for part in text.split("+")]


def _last(text: str) -> str:
    if len(text) == 1 and text not in ALIASES:
        if not text.isprintable():
            raise ValueError("a control character is written by its name, such as ctrl+y or escape.")
        return _character_to_key(text)
    name = text.lower()
    name = ALIASES.get(name, name)
    if name in NAMED or name in PUNCTUATION:
        return name
    known = [*NAMED, *PUNCTUATION, *ALIASES]
    near = closest(name, known, n=1, cutoff=0.6)
    hint = f" Did you mean {near[0]}?" if near else " Write a character, or a name such as enter, f5 or ctrl+y."
    raise ValueError(f"no key is called {text!r}.{hint}")


def _shifted(key: str) -> str:
    if not key.isalpha():
        raise ValueError("write the character that the key types with shift.")
    return key.upper()


def written(key: str) -> str:
    """A key as a person writes it in the file of keys: `[` for left_square_bracket, `ctrl+y`."""
    *modifiers, last = key.split("+")
    return "+".join([*modifiers, PUNCTUATION.get(last, last)])


def shown(key: str) -> str:
    """A key as the screen shows it: `^y`, `esc`, `shift+←`."""
    *modifiers, last = key.split("+")
    caret = "^" * ("ctrl" in modifiers)
    return "+".join([*(modifier for modifier in modifiers if modifier != "ctrl"), caret + format_key(last)])


def is_typed(key: str) -> bool:
    """Whether a key types a character."""
    return len(key) == 1 or key in PUNCTUATION or key == "space"
