"""Asks tmux for the terminal that it draws on: it replies itself to what is asked of a terminal."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass

_FORMAT = "#{version}\t#{client_termname}\t#{client_termtype}\t#{client_termfeatures}\t#{client_utf8}"
_AGAIN = 0.03
"""Seconds after which it is asked again where it does not know its terminal yet, as in a new session"""


@dataclass(frozen=True, slots=True)
class Tmux:
    """What tmux says. What it does not say is empty."""

    version: str = ""
    term: str = ""
    """$TERM of the terminal it draws on"""
    name: str = ""
    """Name and version of that terminal, as its reply to XTVERSION"""
    features: frozenset[str] = frozenset()
    utf8: bool = False
    passes: bool = False
    """Whether it lets sequences through that it does not know (allow-passthrough)"""


class AskingTmux:
    """A question to tmux. The reply is read when it is wanted."""

    def __init__(self, environment: Mapping[str, str], seconds: float) -> None:
        """`seconds`: how long to wait for the reply, from now on."""
        self._environment = environment
        self._until = time.monotonic() + seconds
        self._process = self._asked()

    def reply(self) -> Tmux | None:
        """None where tmux does not reply in time."""
        while True:
            tmux = self._read()
            if tmux is None or tmux.name or (left := self._until - time.monotonic()) < 2 * _AGAIN:
                return tmux
            time.sleep(min(_AGAIN, left))
            self._process = self._asked()

    def _asked(self) -> subprocess.Popen[str] | None:
        path = shutil.which("tmux", path=self._environment.get("PATH"))
        if path is None:
            return None
        command = [path, "display-message", "-p", _FORMAT, ";", "show-options", "-Apv", "allow-passthrough"]
        try:
            return subprocess.Popen(  # noqa: S603
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=dict(self._environment),
                encoding="utf-8",
                errors="replace",
            )
        except OSError:
            return None

    def _read(self) -> Tmux | None:
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            said, _ = process.communicate(timeout=max(0.01, self._until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None
        return parsed(said)


def parsed(said: str) -> Tmux | None:
    """What tmux says by the lines that it prints; None for anything else."""
    first, *more = said.split("\n")
    fields = first.split("\t")
    if len(fields) != _FORMAT.count("\t") + 1:
        return None
    version, term, name, features, utf8 = fields
    passes = more[0].strip() if more else ""
    return Tmux(
        version,
        term,
        name,
        frozenset(features.split(",")) - {""},
        utf8 == "1",
        passes in ("on", "all") or (not passes and _always_passes(version)),
    )


def _always_passes(version: str) -> bool:
    """Whether a tmux is older than 3.3, which has no such option."""
    digits = version.removeprefix("next-")
    return digits[:2] in ("1.", "2.") or digits[:3] in ("3.0", "3.1", "3.2")


_ON_SCREEN = "#{window_active} #{session_attached} #{?window_zoomed_flag,#{pane_active},1}"
_WITHIN = 0.2
"""Seconds to wait for tmux"""


def is_on_screen(environment: Mapping[str, str]) -> bool:
    """Whether tmux shows the pane that a program runs in to anybody; True where tmux does not say."""
    path = shutil.which("tmux", path=environment.get("PATH"))
    if path is None or not (pane := environment.get("TMUX_PANE")):
        return True
    try:
        said = subprocess.run(  # noqa: S603
            (path, "display-message", "-p", "-t", pane, _ON_SCREEN),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_WITHIN,
            check=False,
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError):
        return True
    return b"0" not in said.split()
