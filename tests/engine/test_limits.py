"""How much one input may take, and who says so."""

from __future__ import annotations

import pytest

from engine import limits
from engine.errors import ConfigError
from engine.limits import named


def test_a_configuration_counts_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert named("rows") == 'limits.rows = 2000000, here by MAMMI_LIMITS="rows=…"'
    monkeypatch.setenv("MAMMI_LIMITS", "rows=5, text_mb=7,seconds_per_mb=0.5")
    assert (limits.limits().rows, limits.limits().text_mb, limits.limits().seconds_per_mb) == (5, 7, 0.5)
    limits.hold(rows=9)
    assert (limits.limits().rows, limits.limits().text_mb) == (9, 7)
    assert named("rows") == "limits.rows = 9"


@pytest.mark.parametrize(
    "said", ["rows", "rows=0", "rows=x", "row=5", "rows=5;text_mb=5", "depth=501", "seconds_per_mb=nan", ","]
)
def test_a_faulty_environment_is_one_clear_error(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAMMI_LIMITS", said)
    with pytest.raises(ConfigError, match=r"^MAMMI_LIMITS: .* is not right: ") as raised:
        limits.limits()
    assert len(str(raised.value).splitlines()) == 1
