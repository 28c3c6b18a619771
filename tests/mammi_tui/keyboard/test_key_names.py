"""Names of keys, as people write them."""

from __future__ import annotations

import pytest

from mammi_tui.keyboard.names import key_named, shown, written


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("y", "y"),
        ("Y", "Y"),
        ("ж", "ж"),
        ("?", "question_mark"),
        ("-", "minus"),
        ("+", "plus"),
        (",", "comma"),
        ("comma", "comma"),
        ("[", "left_square_bracket"),
        ("Ctrl+Y", "ctrl+y"),
        ("^y", "ctrl+y"),
        ("control+y", "ctrl+y"),
        ("ctrl++", "ctrl+plus"),
        ("shift+y", "Y"),
        ("shift+ctrl+Left", "ctrl+shift+left"),
        (" esc ", "escape"),
        ("PageDown", "pagedown"),
        ("pgdn", "pagedown"),
        ("⏎", "enter"),
        ("F12", "f12"),
        ("space", "space"),
        (" ctrl + y ", "ctrl+y"),
    ],
)
def test_a_key_goes_by_what_it_types_or_by_its_name(text: str, key: str) -> None:
    assert key_named(text) == key


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("entr", "enter"),
        ("hyper+foo", "foo"),
        ("cmd+y", "cmd"),
        ("shift+1", "with shift"),
        ("\x1b", "escape"),
        ("f99", "f"),
        ("<any>", "<any>"),
        ("bell", "bell"),
        ("", "''"),
        ("ctrl+", "''"),
    ],
)
def test_what_is_no_key_is_told(text: str, hint: str) -> None:
    with pytest.raises(ValueError, match=r".") as told:
        key_named(text)
    assert hint in str(told.value)
    assert str(told.value).isprintable()


@pytest.mark.parametrize("text", ["y", "?", ",", "ctrl+y", "ctrl++", "escape", "shift+left", "Y"])
def test_a_key_is_printed_as_it_can_be_written(text: str) -> None:
    assert written(key_named(text)) == text


@pytest.mark.parametrize(("key", "text"), [("ctrl+y", "^y"), ("shift+left", "shift+←"), ("question_mark", "?")])
def test_a_key_is_shown_in_few_cells(key: str, text: str) -> None:
    assert shown(key) == text
