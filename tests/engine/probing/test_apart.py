"""Films whose decoders may take any time or memory, or crash, are decoded in processes that end at the limits."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.errors import MammiError, UnreadableImage
from engine.limits import hold
from engine.probing import apart, decoding, picture
from engine.probing.decoding import decode
from tests.hard_knocks.pictures import chunk, encoded

GREY = np.add.outer(np.arange(40) * 4, np.arange(30) * 3).astype(np.uint8)
PICTURE = Image.fromarray(GREY)


@pytest.fixture(autouse=True)
def _limits() -> Iterator[None]:
    yield
    hold()


def scans(count: int, progressive: bool) -> bytes:
    """A JPEG file of 9 million pixels whose last scan comes again and again."""
    data = encoded(Image.new("L", (3000, 3000)), "JPEG", quality=30, progressive=progressive)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


@pytest.mark.parametrize(
    ("data", "here"),
    [
        (encoded(PICTURE, "PNG"), True),
        (encoded(PICTURE.convert("RGB"), "PNG"), True),
        (encoded(PICTURE, "JPEG"), True),
        (encoded(PICTURE.convert("CMYK"), "JPEG"), True),
        (encoded(PICTURE, "JPEG", progressive=True), False),
        (scans(9, False), False),
        (encoded(PICTURE, "TIFF"), False),
        (encoded(PICTURE, "JPEG2000"), False),
        (encoded(PICTURE, "WEBP", lossless=True), False),
        (encoded(PICTURE, "BMP"), False),
        (b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT", b"") * 70_000, False),
        (b"\xff\xd8" + b"\xff\xe1\0\x02" * 100 + encoded(PICTURE, "JPEG")[2:], False),
        (encoded(PICTURE, "JPEG").replace(b"\xff\xda", b"\xff\xe1\0\x02" * 100 + b"\xff\xda"), False),
    ],
)
def test_only_what_takes_time_by_its_pixels_is_decoded_here(
    data: bytes, here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    monkeypatch.setattr(decoding, "decode_apart", lambda data: (asked.append(data), GREY)[1])
    decode(data)
    assert bool(asked) != here


@pytest.mark.slow
def test_a_film_that_takes_too_long_is_set_aside_and_the_next_is_not() -> None:
    hold(film_seconds=0.2)
    with pytest.raises(UnreadableImage, match=r"^not decoded within limits\.film_seconds = 0\.2$"):
        decode(scans(3000, True))
    hold()
    np.testing.assert_array_equal(decode(encoded(PICTURE, "TIFF")), GREY)


@pytest.mark.slow
def test_a_film_that_takes_too_much_memory_is_set_aside() -> None:
    hold(film_mb=256)
    tiff = io.BytesIO()
    Image.new("RGB", (9000, 9000)).save(tiff, "TIFF", compression="tiff_adobe_deflate")
    with pytest.raises(UnreadableImage, match=r"^too large for the memory|^damaged"):
        decode(tiff.getvalue())


def test_a_crash_sets_the_film_aside_and_an_end_from_outside_ends_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    start = "import os, sys; sys.stdin.buffer.read(30); os.kill(os.getpid(), {})"
    apart._end_all()
    monkeypatch.setattr(apart, "_START", start.format(int(signal.SIGSEGV)))
    with pytest.raises(UnreadableImage, match="damaged: its decoder ends with SIGSEGV"):
        decode(encoded(PICTURE, "TIFF"))
    monkeypatch.setattr(apart, "_START", start.format(int(signal.SIGTERM)))
    with pytest.raises(MammiError, match=r"was ended by SIGTERM\. Run the same command again") as raised:
        decode(encoded(PICTURE, "TIFF"))
    assert not isinstance(raised.value, UnreadableImage)


@pytest.mark.slow
def test_no_process_outlives_the_one_that_asked(tmp_path: Path) -> None:
    film = tmp_path / "film.tif"
    film.write_bytes(encoded(PICTURE, "TIFF"))
    code = (
        "import pathlib, sys; from engine.probing import apart; from engine.probing.decoding import decode\n"
        "decode(pathlib.Path(sys.argv[1]).read_bytes()); print(apart._idle[0]._process.pid, flush=True)"
    )
    for end in ("", "; import os; os.kill(os.getpid(), 9)"):
        ran = subprocess.run([sys.executable, "-c", code + end, film], capture_output=True, text=True, check=False)
        assert ended(int(ran.stdout)), end


def ended(process: int) -> bool:
    """Whether a process ends within ten seconds."""
    for _ in range(100):
        try:
            os.kill(process, 0)
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        signal.sigtimedwait([], 0.1)
    return False


@pytest.mark.parametrize("error", [AssertionError, OverflowError, RecursionError, AttributeError, NotImplementedError])
def test_whatever_pillow_raises_sets_the_film_aside(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    """False frames of an animated PNG raise AssertionError, for one."""

    def fail(_: object) -> None:
        raise error("why")

    monkeypatch.setattr(picture, "_check", fail)
    with pytest.raises(UnreadableImage, match=r"^damaged: why$"):
        decode(encoded(PICTURE.convert("RGB"), "PNG"))


STANDS_STILL = "import signal, sys; sys.stdin.buffer.read(30); signal.pause()"


def test_a_decoder_that_waits_without_end_is_tried_once_more_and_then_sets_the_film_aside(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[apart._Decoder] = []
    start, begin = apart._START, apart._Decoder.__init__

    def begins(self: apart._Decoder) -> None:
        started.append(self)
        begin(self)

    monkeypatch.setattr(apart._Decoder, "__init__", begins)
    monkeypatch.setattr(apart, "_START", STANDS_STILL)
    apart._end_all()
    hold(film_seconds=0.2)
    with pytest.raises(UnreadableImage, match=r"^its decoder stood still for 2 times limits\.film_seconds = 0\.2$"):
        decode(encoded(PICTURE, "TIFF"))
    assert len(started) == 2
    assert not any(each.lives for each in started)

    def begins_once(self: apart._Decoder) -> None:
        begin(self)
        monkeypatch.setattr(apart, "_START", start)

    monkeypatch.setattr(apart._Decoder, "__init__", begins_once)
    hold(film_seconds=2)
    np.testing.assert_array_equal(decode(encoded(PICTURE, "TIFF")), GREY)


def test_a_decoder_that_is_stopped_from_outside_does_not_stand_still() -> None:
    process = apart._Decoder()
    assert apart._sleeping(os.getpid()) is None  # it works
    os.kill(process._process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, process._process.pid, os.WSTOPPED)
    assert apart._sleeping(process._process.pid) is None
    process.end()
    assert apart._sleeping(process._process.pid) is None
