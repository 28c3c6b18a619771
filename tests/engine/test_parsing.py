"""JSON and TOML that ended the program, or took all of its time, and what is said of them now."""

from __future__ import annotations

from typing import Any

import pytest

from engine.parsing import Unparsable, parse_json, parse_toml


def json_fault(text: str | bytes) -> str:
    with pytest.raises(Unparsable) as raised:
        parse_json(text)
    return str(raised.value)


@pytest.mark.parametrize(
    "text", ['[1, -2.5e3, null, true, "é\\ud83d\\ude00", {"a": "[[[{{"}]', '"\\\\"', "[" * 60 + "]" * 60]
)
def test_sound_json_is_read(text: str) -> None:
    assert parse_json(text) == parse_json(text.encode())


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[" * 100_000 + "]" * 100_000, "is nested more than 64 deep (limits.depth = 64"),
        ("[" * 65 + "]" * 65, "is nested more than 64 deep"),
        ("[" * 100_000, "is nested more than 64 deep"),
        ('{"a":' * 70 + "1" + "}" * 70, "is nested more than 64 deep"),
        ('["' + '\\"' * 1000 + '", ' + "[" * 70 + "]" * 71, "is nested more than 64 deep"),
        ("9" * 5000, "is not valid JSON: Exceeds the limit (4300 digits)"),
        ("[NaN]", "is not valid JSON: NaN is no number of JSON"),
        ("[-Infinity]", "is not valid JSON: -Infinity is no number of JSON"),
        ('{"a": 1, "a": 2}', "is not valid JSON: an object has the key 'a' twice"),
        ('["\\ud800"]', "holds text that is not Unicode"),
        ('["' + '\\"' * 1000, "is not valid JSON: Unterminated string"),
        ("]" * 1000, "is not valid JSON"),
        ("", "is not valid JSON"),
    ],
)
def test_other_json_is_refused_in_one_clause(text: str, fault: str) -> None:
    assert json_fault(text).startswith(fault)
    assert json_fault(text.encode()) == json_fault(text)


def test_json_of_too_many_values_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMI_LIMITS", "rows=10")
    assert parse_json("[" + "[]," * 25 + "[]]")
    assert "may have more than 60 values (limits.rows = 10" in json_fault("[" + "[]," * 60 + "[]]")


def test_bytes_that_are_no_unicode_are_no_json() -> None:
    assert json_fault(b'["\xff"]') == "holds text that is not Unicode"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a = " + "[" * 10_000, "is nested more than 64 deep (limits.depth = 64"),
        ("a = " + "{a = " * 10_000, "is nested more than 64 deep"),
        (".".join("a" * 100) + " = 1", "is nested more than 64 deep"),
        ("[" + ".".join("a" * 100) + "]", "is nested more than 64 deep"),
        ("x = 1\n" + "a." * 100_000 + "a = 1", "has more than 500 dots in line 2"),
        ("a = " + "9" * 5000, "is not valid TOML: Exceeds the limit (4300 digits)"),
        ('a = "\0"', "is not valid TOML: "),
        ("#" * 300_000, "is larger than 256 KB (limits.config_kb = 256"),
        (b"a = 1\nb = '\xff'", "is not text in UTF-8: line 2"),
    ],
)
def test_other_toml_is_refused_in_one_clause(text: str | bytes, fault: str) -> None:
    with pytest.raises(Unparsable) as raised:
        parse_toml(text.encode() if isinstance(text, str) else text)
    assert str(raised.value).startswith(fault)


def test_sound_toml_is_read() -> None:
    found: dict[str, Any] = {"a": {"b": [1, {"c": "x.y"}]}}
    assert parse_toml("\ufeffa.b = [1, {c = 'x.y'}]".encode()) == found
