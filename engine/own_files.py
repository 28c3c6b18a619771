"""Files that this process makes: who may read them, and where temporary ones lie.

They may hold patients' data. So only their owner may read them, unless `run.mode` says otherwise; what is made of a run
file may be read by whoever may read that. The system gives each file its mode as it is made (umask), so no file is
open to others for a moment, whichever library makes it.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from engine.errors import MammiError

OWNER_ONLY = "0600"
_MODE = re.compile(r"0?6[046][04]")
_NEW = 3600
"""Seconds for which a folder that nobody has locked may be another process's: one that is about to, or one on another
machine, whose locks some file systems do not show"""
_HIDDEN = {0: 0o7, 4: 0o2, 6: 0o0}
"""What a umask takes away, by what a class of people may do with a file: who may read one may enter folders"""


def _present_umask() -> int:
    present = os.umask(0o077)
    os.umask(present)
    return present


_usual = _present_umask()
"""The umask with which this process was started"""
_shared = 0o777
"""Who may read all run files of which this process makes something"""
_unfinished: set[Path] = set()
"""What is not to stay where the process ends at once"""


def checked_mode(mode: str) -> str:
    """A mode such as "0640". Raises ValueError for one that lets everybody write, or its owner not."""
    if not _MODE.fullmatch(mode):
        raise ValueError('write "0600" (you alone), "0640" (your group reads), "0660" (your group writes) or "0644"')
    return mode


def keep_to_owner() -> None:
    """From now on only their owner may read the files and enter the folders that this process makes."""
    global _shared
    _shared = 0o777
    os.umask(_usual | 0o077)


def share_as(path: Path) -> None:
    """From now on whoever may read a run file may read what this process makes, as far as its umask lets them. Of
    several run files, who may read them all."""
    global _shared
    with suppress(OSError):
        _shared &= mode_of(path)
        os.umask(_usual | _umask(_shared))


@contextmanager
def made_as(mode: str) -> Iterator[None]:
    """Gives the files that are made in the block just this mode, whatever the umask is."""
    before = os.umask(_umask(int(mode, 8)))
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def made_as_usual() -> Iterator[None]:
    """Leaves the mode of files that are made in the block, which hold nothing of a patient, to the umask."""
    before = os.umask(_usual)
    try:
        yield
    finally:
        os.umask(before)


def mode_of(run: Path) -> int:
    """The mode of files that go with a run file: what its owner and its group may do with it, others only read."""
    mode = run.stat().st_mode
    group = mode & 0o060 if mode & 0o040 else 0
    return 0o600 | group | mode & 0o004


def others_of(path: Path) -> str:
    """Who beside its owner may read a file: "everyone", "its group", or "" for nobody."""
    mode = path.stat().st_mode
    return "everyone" if mode & 0o004 else "its group" if mode & 0o040 else ""


def _umask(mode: int) -> int:
    """The umask with which files get at most this mode, and folders can be entered by who may read them."""
    return _HIDDEN[mode >> 3 & 6] << 3 | _HIDDEN[mode & 4]


def home() -> Path:
    """The home folder of this user; for one without, as in some containers, a folder that does not exist."""
    try:
        return Path.home()
    except RuntimeError:
        return Path("/nonexistent")


def from_home(text: str) -> Path:
    """A path that a person typed, with ~ for a home folder. One of an unknown user stays as it is."""
    return Path(os.path.expanduser(text))  # noqa: PTH111 (that of pathlib fails for an unknown user)


def temporary_folder() -> Path:
    """The folder of temporary files. Raises MammiError where none can be written."""
    try:
        return Path(tempfile.gettempdir())
    except OSError as error:
        raise MammiError("no folder of temporary files can be written: make room, or name one in TMPDIR.") from error


@contextmanager
def own_folder(parent: Path, prefix: str = ".mammi-") -> Iterator[Path]:
    """A new folder that only this user can open, removed after the block.

    What cannot be removed stays, and no error says so: what the block has done is done. A network file system keeps
    names of files that are still open.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    with unfinished(folder):
        try:
            yield folder
        finally:
            with suppress(OSError):  # raised where a folder cannot be closed
                shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def unfinished(*paths: Path) -> Iterator[None]:
    """Within the block, a process that ends at once removes these files and folders (`remove_unfinished`)."""
    _unfinished.update(paths)
    try:
        yield
    finally:
        _unfinished.difference_update(paths)


def remove_unfinished() -> None:
    """Removes, from any thread, what is not finished: the process ends now, whatever it is at."""
    for path in tuple(_unfinished):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with suppress(OSError):
                path.unlink()


@contextmanager
def held_folder(parent: Path, prefix: str = ".mammi-") -> Iterator[Path]:
    """As `own_folder`. Those that killed processes have left are removed first: a lock on a folder ends with the
    process that holds it. Where the file system has no locks, nobody removes another's.
    """
    for path in parent.glob(f"{prefix}*"):
        with suppress(OSError), _locked(path):
            if path.stat().st_uid == os.getuid() and time.time() - path.stat().st_mtime > _NEW:
                shutil.rmtree(path, ignore_errors=True)
    with own_folder(parent, prefix) as folder, ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(_locked(folder))
        yield folder


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds a lock on a folder. Raises OSError where another process does, or the system has no locks."""
    try:
        import fcntl
    except ImportError as error:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK)) from error
    descriptor = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        with suppress(OSError):
            os.close(descriptor)
