"""What a verdict file of another reader may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import MammiError
from engine.limits import VARIABLE
from mammi_tui.verdicts.incoming import read_incoming


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ("rows=2", "it has more than 2 lines (limits.rows = 2"),
        ("text_mb=1", "it is larger than 1 MB (limits.text_mb = 1"),
    ],
)
def test_a_file_beyond_a_limit_is_refused_with_its_name(
    limit: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, limit)
    file = tmp_path / "others.jsonl"
    file.write_bytes((b"{" + b" " * 600_000 + b"}\n") * 3)
    with pytest.raises(MammiError) as error:
        read_incoming(file)
    assert str(error.value).startswith(f"{file}: cannot be read: {told}")
