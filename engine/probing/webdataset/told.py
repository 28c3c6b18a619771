"""What the small files of a sample say of its film: labels, patient, view, report and attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from engine.parsing import Unparsable, parse_json
from engine.probing import attributes
from engine.probing.base import Image
from engine.probing.cells import PRESENT, UnreadableCell, Vocabulary, labels_in, says_nothing
from engine.probing.files import warn
from engine.probing.row_labels import SEPARATORS


class Keys(Protocol):
    """The options that say what is where."""

    @property
    def labels_key(self) -> str: ...
    @property
    def patient_key(self) -> str: ...
    @property
    def view_key(self) -> str: ...
    @property
    def report_key(self) -> str: ...
    @property
    def attribute_keys(self) -> Mapping[str, str]: ...
    @property
    def classes(self) -> tuple[str, ...]: ...


class Told:
    """Reads them, sample by sample."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._truths = Vocabulary()
        self._unread: dict[str, list[str]] = {}

    def image(self, name: str, beside: Mapping[str, bytes]) -> Image:
        """The image of that name. `beside`: extension -> bytes. What cannot be read counts as not said."""
        said = self._json(name, beside["json"]) if "json" in beside else {}
        keys = self._keys
        report = _text(said.get(keys.report_key)) or beside.get("txt", b"").decode("utf-8", "replace").strip()
        labels = [*self._labels(name, said.get(keys.labels_key)), *self._classes(name, beside.get("cls", b""))]
        return Image(
            name,
            patient=_text(said.get(keys.patient_key)) or None,
            view=_text(said.get(keys.view_key)) or None,
            labels=tuple(dict.fromkeys(labels)),
            report=report or None,
            attributes=self._attributes(said),
        )

    def warn(self, source: object) -> None:
        for what, names in self._unread.items():
            warn(f"{source}: {what}", names)

    def _json(self, name: str, data: bytes) -> dict[str, Any]:
        try:
            said = parse_json(data)
        except Unparsable:
            said = None
        if isinstance(said, dict):
            return said
        self._fault("films whose .json is no JSON object, and says nothing", name)
        return {}

    def _labels(self, name: str, value: Any) -> list[str]:
        """The labels of a list, of a text with | or ; between them, or those of a table label -> 1 or 0."""
        try:
            if isinstance(value, dict):
                return [str(label) for label, truth in value.items() if self._truths[_text(truth)] == PRESENT]
            if isinstance(value, list):
                return [text for item in value if not says_nothing(text := _text(item))]
            return list(labels_in(_text(value), SEPARATORS))
        except (UnreadableCell, ValueError):
            self._fault("films whose labels cannot be read", name)
            return []

    def _classes(self, name: str, data: bytes) -> list[str]:
        """The label of a .cls file: a class's number, or its name."""
        text = data.decode("utf-8", "replace").strip()
        if not text.isdecimal():
            return [text] if text else []
        number = int(text) if len(text) <= len(str(len(self._keys.classes))) else len(self._keys.classes)
        if number < len(self._keys.classes):
            return [self._keys.classes[number]]
        self._fault("films whose .cls is a number that probing.classes does not name, and no label", name)
        return []

    def _attributes(self, said: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
        found = {}
        for attribute, key in self._keys.attribute_keys.items():
            value = said.get(key)
            read = attributes.READERS.get(attribute, attributes.value)
            values = [read(_text(item)) for item in (value if isinstance(value, list) else [value])]
            if told := tuple(dict.fromkeys(filter(None, values))):
                found[attribute] = told
        return found

    def _fault(self, what: str, name: str) -> None:
        self._unread.setdefault(what, []).append(name)


def _text(value: Any) -> str:
    """A value of JSON as a cell of a table has it."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value).strip()
