"""What a terminal that has gone away leads to, and whether a terminal is ours."""

from __future__ import annotations

import os

HUNG_UP = 128 + 1
"""What a shell reports for a program that SIGHUP ended"""


def in_foreground(terminal: int) -> bool:
    """Whether this process may use a terminal that it shares with other jobs of a shell."""
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:  # not a terminal, or not the one that controls this process: nobody else is given it
        return True
