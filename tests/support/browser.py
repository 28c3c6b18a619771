"""Drives a headless Chromium, if one is installed, by its own protocol over two pipes."""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 60
"""Seconds after which an answer never comes"""


def installed() -> str | None:
    """The path of a browser that can be driven; None where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One page. `complaints` are what the browser reports of it: errors of scripts, and what its policy forbids."""

    def __init__(self, to: int, frm: int) -> None:
        self._to, self._from, self._buffer = to, frm, b""
        self._ids = itertools.count(1)
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        """The addresses that the page asked for, but for data inside it"""
        self.loaded = False
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Calls a method of the protocol and returns its result. Raises AssertionError for a failed one."""
        number = next(self._ids)
        message = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            assert select.select([self._from], [], [], PATIENCE)[0], "the browser does not answer"
            read = os.read(self._from, 1 << 16)
            assert read, "the browser has ended"
            self._buffer += read
        raw, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(raw)
        self._note(answer.get("method", ""), answer.get("params", {}))
        return answer

    def _note(self, event: str, given: dict[str, Any]) -> None:
        if event == "Log.entryAdded":
            self.complaints.append(given["entry"]["text"])
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(given["exceptionDetails"]["text"])
        elif event == "Network.requestWillBeSent" and not given["request"]["url"].startswith("data:"):
            self.requests.append(given["request"]["url"])
        elif event == "Page.loadEventFired":
            self.loaded = True

    def open(self, page: Path, width: int = 1200, height: int = 900) -> None:
        """Opens a file and waits until it is loaded."""
        self.loaded = False
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=page.as_uri())
        while not self.loaded:
            self._next()

    def media(self, **features: str) -> None:
        """Sets media features, such as prefers_color_scheme="dark"."""
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        self.call("Emulation.setEmulatedMedia", features=named)

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression on the page."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def scripts(self, on: bool) -> None:
        self.call("Emulation.setScriptExecutionDisabled", value=not on)

    def choose(self, name: str, value: str) -> None:
        """Sets a control of the page, as a reader does."""
        element = f"document.getElementById({json.dumps(name)})"
        self.evaluate(f"{element}.value = {json.dumps(value)}; {element}.dispatchEvent(new Event('input'))")

    def picture(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])

    def printed(self) -> bytes:
        """The page as it is printed, as PDF."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"])


@contextmanager
def browser(program: str, folder: Path) -> Iterator[Browser]:
    """A browser with its files in `folder`."""
    command_out, command_in = os.pipe()
    answer_out, answer_in = os.pipe()

    def pipes() -> None:
        first, second = os.dup(command_out), os.dup(answer_in)
        os.dup2(first, 3)
        os.dup2(second, 4)

    options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe")
    process = subprocess.Popen(
        [program, *options, f"--user-data-dir={folder}", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(3, 4),
        preexec_fn=pipes,
        start_new_session=True,
    )
    os.close(command_out)
    os.close(answer_in)
    try:
        yield Browser(command_in, answer_out)
    finally:
        os.close(command_in)  # the browser ends with its pipe
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(answer_out)
