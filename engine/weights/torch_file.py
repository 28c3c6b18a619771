"""Lists the tensors of a file that torch wrote, without running anything that the file names.

The layouts are those of torch/serialization.py: the zip of torch 1.6 and later (`_save`, `_load`), the plain file
before it (`_legacy_save`, `_legacy_load`), and TorchScript's zip (torch/csrc/jit/serialization), whose modules are
objects with their tensors as attributes. TorchScript's code is never compiled.

engine.weights.apart calls this in a process of its own, as Python itself may crash, hang or swell on a hostile pickle.
So nothing but the standard library is imported, and no tensor is read: it is said where in the file each one stands.
"""

from __future__ import annotations

import io
import json
import mmap
import os
import pickle
import struct
import sys
import zipfile
from collections.abc import Mapping
from itertools import islice, pairwise
from typing import Any, BinaryIO

from engine.weights.listing import Listing, Place, View
from engine.weights.state_dicts import SCRIPTED, SHOWN, Memory, holds_arrays, kind_of, list_entries, type_name
from engine.weights.unpickler import Made, Storage, Unpickler, Unreadable

_RUNS_CODE = (
    *("os.", "posix.", "nt.", "subprocess.", "commands.", "sys.", "shutil.", "socket.", "runpy.", "importlib."),
    "ctypes.",
)
_RUNS_CODE_TOO = tuple(f"{module}.{name}" for module in ("builtins", "__builtin__") for name in ("eval", "exec"))
"""What no checkpoint needs: a file that names it was made to run code"""
_MAGIC = 0x1950A86A20F9469CFC6C
"""The number with which a plain file begins"""
_ZIP = b"PK\3\4"
_HEADER = struct.Struct("<4s22xHH")
"""A zip's header before a member: its mark, and the lengths of its name and of what follows that"""
_BIG_ENDIAN = "it was written on a big-endian machine"
_TOLD = 10
"""Keys, and names of functions, that are told"""
# Bytes that are not a checkpoint run as the opcodes of a pickle until one fails. Each fails in its own way: a missing
# memo entry (KeyError), an empty stack (IndexError), text that is no number (ValueError, as UnicodeDecodeError), …
_DAMAGED = (
    *(pickle.UnpicklingError, zipfile.BadZipFile, OSError, EOFError, RuntimeError, KeyError, IndexError, ValueError),
    *(TypeError, AttributeError, AssertionError, OverflowError, struct.error),
)


def list_tensors(file: BinaryIO) -> Listing:
    """What the file holds. Raises Unreadable, and errors of any kind for damaged bytes."""
    file.seek(0)
    zipped = file.read(len(_ZIP)) == _ZIP or zipfile.is_zipfile(file)
    made, memory, named = _from_zip(file) if zipped else _from_plain(file)
    hostile = sorted(name for name in named if name.startswith(_RUNS_CODE) or name in _RUNS_CODE_TOO)
    top = made.items if isinstance(made, Made) and made.items else made
    keys = map(str, top) if isinstance(top, Mapping) else iter((type_name(made),))
    told = tuple(key[:SHOWN] for key in islice(keys, _TOLD))
    listing = Listing(hostile=tuple(name[:SHOWN] for name in hostile[:_TOLD]), top=told)
    list_entries(made, memory, listing)
    places = sorted({each.place[:2] for each in listing.tensors if isinstance(each, View)})
    if any(start + size > following for (start, size), (following, _) in pairwise(places)):
        raise zipfile.BadZipFile("its parts overlap")
    if not listing.entries and type_name(made).startswith(SCRIPTED):
        raise Unreadable("it is frozen TorchScript, without the weights: save it before torch.jit.freeze")
    if not listing.entries and isinstance(top, Mapping) and holds_arrays(top.values()):
        raise Unreadable("its arrays are NumPy's: save them as tensors, by torch.from_numpy and torch.save")
    return listing


def _from_zip(file: BinaryIO) -> tuple[Any, Memory, set[str]]:
    archive = zipfile.ZipFile(file)
    names = archive.namelist()
    folder = next((name.removesuffix("data.pkl") for name in names if name.partition("/")[2] == "data.pkl"), None)
    if folder is None:
        raise Unreadable(_what_a_zip_is(names))
    read = (f"{folder}data.pkl", f"{folder}byteorder", f"{folder}data/")
    members = [member for member in archive.infolist() if member.filename.startswith(read)]
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise Unreadable("it was packed again, compressed: give it as torch.save wrote it")
    if len({member.filename for member in members}) < len(members):
        raise Unreadable("it holds a name twice, so it is not said which part is meant")
    if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") != b"little":
        raise Unreadable(_BIG_ENDIAN)
    unpickler = Unpickler(io.BytesIO(archive.read(f"{folder}data.pkl")))
    made = unpickler.load()

    def memory(storage: Storage) -> Place:
        member = archive.getinfo(f"{folder}data/{storage.key}")
        with archive.open(member):  # compares the names before the member and in the directory
            file.seek(member.header_offset)
        mark, name, more = _HEADER.unpack(file.read(_HEADER.size))
        start, size = member.header_offset + _HEADER.size + name + more, member.file_size
        if mark != _ZIP or member.compress_size != size or start + size > file.seek(0, io.SEEK_END):
            raise zipfile.BadZipFile("the size of a part is wrong")
        return start, size, member.CRC

    return made, memory, unpickler.named


def _what_a_zip_is(names: list[str]) -> str:
    """What a zip without torch's members is, by the names of its members."""
    if any(name.endswith("/archive_format") for name in names):
        return "it is a program of torch.export: give the state dict of the model that it was made from"
    weights = [name for name in names if name.endswith((".pth", ".pt", ".ckpt", ".bin", ".safetensors", ".pth.tar"))]
    if weights:
        return f"it is a zip that holds {weights[0][:SHOWN]}: unpack it, and name that file"
    if any(name.endswith(".npy") for name in names):
        return "it is an archive of NumPy: save its arrays as tensors with torch.save"
    if any(name.endswith((".h5", "saved_model.pb")) for name in names):
        return "it is a model of Keras or TensorFlow: convert its weights to PyTorch"
    if any(name.endswith("model.json") for name in names):
        return "torch before 1.2 wrote it as TorchScript: load it with that version, and save its state dict"
    return "it is a zip that torch did not write"


def _from_plain(file: BinaryIO) -> tuple[Any, Memory, set[str]]:
    whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # a text in it is never longer than what is left
    if Unpickler(whole).load() != _MAGIC:
        raise Unreadable(
            "it is a pickle that torch.save did not write: whoever made it can save its state dict with torch.save"
        )
    _version, system = (Unpickler(whole).load() for _ in range(2))
    if not system["little_endian"]:
        raise Unreadable(_BIG_ENDIAN)
    unpickler = Unpickler(whole)
    made = unpickler.load()
    places: dict[str, Place] = {}
    for key in Unpickler(whole).load():
        (count,) = struct.unpack("<q", whole.read(8))
        size = count * kind_of(unpickler.storages[key])[1]
        if not 0 <= size <= len(whole) - whole.tell():
            raise EOFError("the file ends too early")
        places[key] = whole.tell(), size, None
        whole.seek(size, 1)
    return made, lambda storage: places[storage.key], unpickler.named


def main() -> None:
    """Tells what standard input holds, a file, as one JSON value: a listing, or a reason for none and its kind.

    Arguments: the seconds and the bytes that this may take.
    """
    seconds, memory = map(int, sys.argv[1:])
    told: dict[str, str]
    with open(0, "rb", closefd=False) as file:
        _limit(seconds, memory + os.fstat(0).st_size)
        try:
            sys.stdout.write(list_tensors(file).as_json())
            sys.stdout.flush()
            os._exit(0)  # an object nested deep crashes Python also where it is given up
        except Unreadable as reason:
            told = {"unreadable": str(reason)}
        except MemoryError:
            told = {"memory": ""}
        except _DAMAGED as error:
            told = {"damaged": f"{type(error).__name__}: {str(error)[:200]}"}
    sys.stdout.write(json.dumps(told))
    sys.stdout.flush()
    os._exit(0)


def _limit(seconds: int, memory: int) -> None:
    """Also of what this process could write, which is nothing."""
    try:
        import resource
    except ImportError:  # Windows has none
        return
    for what, most in (("AS", memory), ("CPU", seconds), ("CORE", 0), ("FSIZE", 0)):
        kind = getattr(resource, f"RLIMIT_{what}")
        _, hard = resource.getrlimit(kind)
        limit = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (limit, limit))
