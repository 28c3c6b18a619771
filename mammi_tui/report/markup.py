"""Builds HTML. The only place where texts become markup: each is cleaned and escaped here."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable

from mammi_tui.text import clean

LONGEST = 20_000
"""Characters of one text"""
_PARTS = re.compile(r"(?<=[_/])(?=.)")
_EMPTY = frozenset({"br", "img", "input", "meta"})
"""Elements without an end"""


class Markup(str):
    """HTML whose texts are escaped."""

    __slots__ = ()


Child = str | Markup | Iterable["Child"] | None


def element(tag: str, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """An element. An attribute's name loses a last underscore, and each other one is a hyphen (`data_unit`, `class_`).

    An attribute that is True has no value; one that is None or False is left out.
    """
    given = ((name, value) for name, value in attributes.items() if value is not None and value is not False)
    named = "".join(f" {_name(name)}{_value(value)}" for name, value in given)
    if tag in _EMPTY:
        return Markup(f"<{tag}{named}>")
    return Markup(f"<{tag}{named}>{joined(children)}</{tag}>")


def joined(children: Iterable[Child], between: str = "") -> Markup:
    """Markup one after the other; texts are escaped."""
    return Markup(between.join(map(_written, children)))


def outside(text: str) -> Markup:
    """A text from outside. It cannot turn the direction of the text around it, and may be broken within long names."""
    return element("bdi", joined(_PARTS.split(text), Markup("<wbr>")))


def bundled(tag: str, source: str) -> tuple[Markup, str]:
    """A script or style of our own as an element, and the hash by which a content policy allows it.

    Raises ValueError for a source that would end its element.
    """
    if "</" in source:
        raise ValueError(f"</ in the source of a {tag}")
    digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
    return Markup(f"<{tag}>{source}</{tag}>"), f"'sha256-{digest}'"


def data_address(kind: str, content: bytes) -> Markup:
    """The content of a file as an address."""
    return Markup(f"data:{kind};base64,{base64.b64encode(content).decode()}")


def _written(child: Child) -> str:
    if child is None:
        return ""
    if isinstance(child, Markup):
        return child
    return html.escape(clean(child, LONGEST)) if isinstance(child, str) else joined(child)


def _name(name: str) -> str:
    return name.removesuffix("_").replace("_", "-")


def _value(value: str | float | bool | None) -> str:
    if value is True:
        return ""
    return f'="{value if isinstance(value, Markup) else html.escape(clean(str(value), LONGEST))}"'
