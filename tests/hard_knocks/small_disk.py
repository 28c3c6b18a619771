"""Disks of a few hundred kilobytes, and disks that can only be read, mounted where only this process sees them."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hard_knocks.knock import Skipped

_NEW_MOUNTS, _NEW_USERS = 0x00020000, 0x10000000
_PRIVATE, _RECURSIVE, _READ_ONLY, _REMOUNT, _DETACH = 1 << 18, 1 << 14, 1, 32, 2
_libc = ctypes.CDLL(None, use_errno=True)


def unseen_mounts() -> None:
    """From now on this process mounts for itself and its children alone. Raises Skipped where that is not allowed."""
    user, group = os.getuid(), os.getgid()
    if not hasattr(_libc, "unshare") or _libc.unshare(_NEW_MOUNTS | (_NEW_USERS if user else 0)):
        raise Skipped("mounting a small disk is not allowed here")
    if user:
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
            Path(f"/proc/self/{name}").write_text(text)
    _mount(None, "/", None, _PRIVATE | _RECURSIVE)


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A new disk of `size` bytes at a folder, which is made."""
    folder.mkdir(exist_ok=True)
    _mount(b"tmpfs", str(folder), b"tmpfs", 0, f"size={size},mode=0700")
    try:
        yield folder
    finally:
        _libc.umount2(os.fsencode(folder), _DETACH)


@contextmanager
def only_read(disk: Path) -> Iterator[None]:
    """A disk from `small_disk` can only be read meanwhile."""
    _mount(None, str(disk), None, _REMOUNT | _READ_ONLY)
    try:
        yield
    finally:
        _mount(None, str(disk), None, _REMOUNT)


def fill(disk: Path, free: int = 0) -> Path:
    """Leaves `free` bytes of a disk, and returns the file that takes the others."""
    path = disk / "filling"
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
        file.truncate(max(0, file.tell() - free))
    return path


def _mount(source: bytes | None, target: str, kind: bytes | None, flags: int, data: str = "") -> None:
    if _libc.mount(source, os.fsencode(target), kind, flags, data.encode() or None):
        raise Skipped(f"mounting a small disk is not allowed here ({os.strerror(ctypes.get_errno())})")
