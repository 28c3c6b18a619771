"""What the film view tells of a film's attributes."""

from __future__ import annotations

from pathlib import Path

from engine.store.records import ImageInfo
from mammi_tui.views.film_facts import attributes_of
from tests.support.attributes import tell
from tests.support.decisions import decided_run
from tests.support.explorer import explorer


def test_attributes_are_told_with_their_values() -> None:
    told = (("sex", "F"), ("device", "chest tube"), ("device", "pace\x1b[31mmaker"), ("marker", "none"), ("view", "PA"))
    info = ImageInfo(0, "a.png", None, "PA", (), 8, 8, "", (), (), told)
    sex, device, marker = attributes_of(info)
    assert (sex, marker) == ("sex F", "no marker")
    assert device.startswith("device chest tube, pace")
    assert "\x1b" not in device


async def test_the_film_view_shows_them(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    run = decided_run(tmp_path / "made")
    tell(run, [(image, name, value) for image in range(60) for name, value in (("sex", "F"), ("device", "none"))])
    async with explorer(run, tmp_path, size=(130, 42), start=("layer0", 3)) as opened:
        await opened.press("3", "enter")
        assert "sex F   no device" in opened.text()
