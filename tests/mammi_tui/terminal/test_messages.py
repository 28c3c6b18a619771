"""A message that is put on a screen as it ends stops nothing, and no change of the clock keeps one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest
from textual import notifications
from textual.app import App
from textual.widgets._toast import Toast

from mammi_tui.terminal.messages import MessagesApp
from tests.shared import ROOT

LATE = """
import time
from textual.widgets._toast import Toast
from mammi_tui.terminal.messages import MessagesApp

made = Toast.__init__

def late(toast, notification):
    time.sleep(0.2)  # another thread has its turn
    made(toast, notification)

Toast.__init__ = late

class Tells(MessagesApp):
    def on_mount(self):
        self.notify("now", timeout=0.1)
        self.set_timer(1, self.exit)

Tells().run(headless=True)
print("ended")
"""


def test_a_message_that_ends_as_it_is_put_on_a_screen_stops_nothing() -> None:
    command = [sys.executable, "-c", LATE]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert ended.stdout.splitlines()[-1] == "ended"


def test_a_message_leaves_in_time_though_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def tell(app: App[None]) -> None:
        async with app.run_test(notifications=True) as pilot:
            app.notify("now", timeout=0.2)
            monkeypatch.setattr(notifications, "time", lambda: time.time() - 3600)  # before it is put on the screen
            await pilot.pause()
            assert app.screen.query(Toast)
            await asyncio.sleep(0.3)
            await pilot.pause()
            assert not app.screen.query(Toast)

    asyncio.run(tell(MessagesApp()))
