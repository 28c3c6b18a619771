"""Finds out how films are to be drawn: the terminal is asked while the program loads what else it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from mammi_tui.images.fitting import Fit, fit, may_be_asked
from mammi_tui.terminal.asking import PATIENCE, Asking, asking, cell_of
from mammi_tui.terminal.replies import Replies, Sorter
from mammi_tui.terminal.watch import Watch

if TYPE_CHECKING:
    from mammi_tui.terminal.tmux import AskingTmux


class Question:
    """What has been asked, and what comes of it."""

    def __init__(
        self, images: str, environment: Mapping[str, str], terminal: Asking | None, tmux: AskingTmux | None, screen: int
    ) -> None:
        self._images, self._environment, self._screen = images, environment, screen
        self._terminal, self._tmux = terminal, tmux
        self.replies: Replies | None = None
        """What the terminal has said, once `fit` has been called; None where it was not asked"""

    def fit(self) -> Fit:
        """How to draw films. Waits for replies that have not come."""
        if self._terminal is not None:
            replies = self._terminal.replies()
            self.replies = replace(replies, cell=replies.cell or cell_of(self._screen))
        return fit(self._images, self._environment, self.replies, self._tmux.reply() if self._tmux else None)

    def finish(self) -> tuple[Sorter, str]:
        """Sets the terminal as it was. Returns what knows the replies to come, and the keys that have been typed."""
        if self._terminal is None:
            return Sorter(), ""
        self._terminal.end()
        return self._terminal.sorter, self._terminal.typed


@contextmanager
def asked(
    images: str, environment: Mapping[str, str], *, keys: int = 0, screen: int = 2, watch: Watch | None = None
) -> Iterator[Question]:
    """Asks the terminal and tmux, where their replies can make a difference to `--images` `images`.

    `keys` and `screen` are the terminal's descriptors. Within the block signals that the watch sees set it as it was.
    """
    if not may_be_asked(images, environment):
        yield Question(images, environment, None, None, screen)
        return
    tmux = None
    if environment.get("TMUX"):
        from mammi_tui.terminal.tmux import AskingTmux

        tmux = AskingTmux(environment, PATIENCE)
    in_tmux = tmux is not None or environment.get("TERM", "").startswith(("tmux", "screen"))
    with asking(keys, screen, watch, in_tmux=in_tmux) as terminal:
        yield Question(images, environment, terminal, tmux, screen)
