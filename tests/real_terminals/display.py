"""A virtual display with a keyboard, and pictures of what it shows."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

Shot = NDArray[np.uint8]
"""A screenshot [h, w, 3]"""

SIZE = (1280, 860)


class Display:
    """An X server without a screen. A context manager: it ends what it has started."""

    def __init__(self, folder: Path) -> None:
        self._started: list[subprocess.Popen[bytes]] = []
        self._log = (folder / "display.log").open("ab")
        reader, writer = os.pipe()
        width, height = SIZE
        self._memory = tempfile.TemporaryDirectory()
        self._pixels = Path(self._memory.name) / "Xvfb_screen0"
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{width}x{height}x24", "-nolisten", "tcp"]
        command += ["-fbdir", self._memory.name, "-noreset"]
        self._start(command, os.environ, (writer,))
        os.close(writer)
        with os.fdopen(reader) as said:
            number = said.readline().strip()
        runtime = folder / "runtime"
        runtime.mkdir(mode=0o700, exist_ok=True)
        outside = ("TMUX", "TMUX_PANE", "STY", "WAYLAND_DISPLAY", "NO_COLOR", "MAMMI_IMAGES", "TEXTUAL_COLOR_SYSTEM")
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in outside},
            "DISPLAY": f":{number}",
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "XDG_RUNTIME_DIR": str(runtime),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "LC_ALL": "C.UTF-8",
            "COLORTERM": "truecolor",
        }

    def start(self, command: Sequence[str], **environment: str) -> subprocess.Popen[bytes]:
        return self._start(command, self.environment | environment)

    def _start(
        self, command: Sequence[str], environment: Mapping[str, str], inherited: tuple[int, ...] = ()
    ) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=inherited,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._started.remove(process)

    def do(self, *arguments: str) -> str:
        """Runs xdotool."""
        ran = subprocess.run(["xdotool", *arguments], env=self.environment, capture_output=True, text=True)  # noqa: S607
        return ran.stdout.strip()

    def press(self, key: str) -> None:
        self.do("key", "--clearmodifiers", key)

    def shot(self) -> Shot:
        """What is shown. Xvfb keeps it in a file of X's window dumps: a header of 32-bit numbers, a palette, pixels."""
        dumped = self._pixels.read_bytes()
        header = np.frombuffer(dumped[:100], ">u4")
        size, width, height, line, colours = (int(header[place]) for place in (0, 4, 5, 12, 19))
        pixels = np.frombuffer(dumped, np.uint8, height * line, size + 12 * colours).reshape(height, line)
        return pixels[:, : 4 * width].reshape(height, width, 4)[:, :, 2::-1]

    def still(self, seconds: float, patience: float = 15.0) -> Shot:
        """What is shown once it has not changed for so many seconds, or after `patience`."""
        end = time.monotonic() + patience
        before, since = self.shot(), time.monotonic()
        while time.monotonic() < end:
            time.sleep(0.1)
            now = self.shot()
            if not np.array_equal(before, now):
                before, since = now, time.monotonic()
            elif time.monotonic() - since > seconds:
                break
        return before

    def __enter__(self) -> Display:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._started.copy()):
            self.stop(process)
        self._memory.cleanup()
        self._log.close()
