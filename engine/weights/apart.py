"""Lists the tensors of a torch file in a process of its own, which a hostile pickle may crash, fill or keep busy.

That process gets limits on time and memory (engine.limits), imports nothing but the standard library, and tells where
in the file each tensor stands. The numbers are then read here, from places that are checked.
"""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import zipfile
import zlib
from io import FileIO
from pathlib import Path

import torch
from torch import Tensor

import engine
from engine.limits import limits, named
from engine.weights.listing import Listing, Place, View
from engine.weights.unpickler import Unreadable

_CODE = "import sys; sys.path.insert(0, sys.argv.pop(1)); from engine.weights.torch_file import main; main()"
_ROOT = str(Path(engine.__file__).parents[1])
_SPREAD = 1 << 26
"""Bytes that a tensor may have beyond those of its file, as one number may stand for many"""


class Damaged(Exception):
    """A file that is no whole file of torch. The text says how that showed."""


class TooMuch(Unreadable):
    """A file that takes more time or memory than it may."""


def list_apart(file: FileIO) -> Listing:
    """What a file on the disk holds. Raises Unreadable, TooMuch where it takes more than the limits, and Damaged."""
    seconds, megabytes = limits().weights_seconds, limits().weights_mb
    command = [sys.executable, "-I", "-S", "-c", _CODE, _ROOT, str(math.ceil(seconds)), str(megabytes << 20)]
    with subprocess.Popen(  # noqa: S603 (our own program, and numbers)
        command, stdin=file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            told, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            raise TooMuch(f"it takes longer than {named('weights_seconds')}") from None
        except BaseException:
            process.kill()
            raise
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise TooMuch(f"it takes longer than {named('weights_seconds')}")
    if process.returncode < 0:
        raise Damaged(f"reading it ended by signal {-process.returncode}")
    said = json.loads(told) if told.startswith(b"{") else {}
    if "memory" in said or process.returncode:  # no memory to say so either
        raise TooMuch(f"it takes more memory than {named('weights_mb')}")
    if "unreadable" in said:
        raise Unreadable(said["unreadable"])
    if "damaged" in said:
        raise Damaged(said["damaged"])
    return Listing.of_json(told)


class Numbers:
    """Reads tensors from a file at the places that a listing names, each memory once.

    The file has no buffer, as the process that listed it has moved its position.
    """

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._read: dict[tuple[Place, torch.dtype], Tensor] = {}

    def tensor(self, view: View) -> Tensor:
        """Raises Unreadable for a kind of tensor that is not read, and Damaged where the file says otherwise."""
        dtype = getattr(torch, view.dtype, None)
        if not isinstance(dtype, torch.dtype) or view.dtype.startswith("q"):  # quantised without a scale: torch crashes
            raise Unreadable(f"it holds tensors of a kind that is not read ({view.dtype})")
        start, size, _ = view.place
        count = math.prod(view.shape)
        last = view.offset + sum((n - 1) * step for n, step in zip(view.shape, view.stride, strict=True))
        if count and (last >= size // dtype.itemsize or count * dtype.itemsize > start + size + _SPREAD):
            raise Damaged("a tensor is larger than its part of the file")
        if (view.place, dtype) not in self._read:
            self._read[view.place, dtype] = self._numbers(view.place, dtype)
        return self._read[view.place, dtype].as_strided(view.shape, view.stride, view.offset if count else 0)

    def _numbers(self, place: Place, dtype: torch.dtype) -> Tensor:
        start, size, crc = place
        data = bytearray(size)
        self._file.seek(start)
        read = 0
        while read < size:  # a system call reads 2 GB at most
            came = self._file.readinto(memoryview(data)[read:])
            if not came:
                raise Damaged("the file ends too early")
            read += came
        if crc is not None and zlib.crc32(data) != crc:
            raise zipfile.BadZipFile("the sum of a part is wrong")
        return torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
