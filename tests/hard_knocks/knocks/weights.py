"""Weights of attackers, and mutated ones: pickles, zips, safetensors."""

from __future__ import annotations

import io
import os
import pickletools
import zipfile
from contextlib import suppress
from random import Random

import torch
from safetensors.torch import save
from torch import nn

from engine.limits import hold
from engine.weights.checkpoint import read_weights
from engine.weights.fitting import load_strictly, read_fitting
from tests.hard_knocks.knock import Outcomes, Setting
from tests.hard_knocks.sandbox import fall_of
from tests.support.hostile_archives import odd_safetensors, odd_zips
from tests.support.hostile_pickles import pickles, plain, zipped

SECONDS = 3
"""That a file may take: the limit of the project, and a second for the rest"""
_VALUES = [value for _, value in pickles() if len(value) < 10_000]
OPCODES = b"".join(op.code.encode("latin1") for op in pickletools.opcodes)


class Tiny(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(3, 2)


def knock(setting: Setting) -> Outcomes:
    hold(weights_seconds=SECONDS, weights_mb=600)
    chance = setting.chance
    known = [
        *((f"safetensors: {what}", data) for what, data in odd_safetensors()),
        *((f"zip: {what}", data) for what, data in odd_zips()),
        *((f"{form.__name__}: {what}", form(data)) for form in (zipped, plain) for what, data in pickles()),
    ]
    for what, data in known if setting.full else chance.sample(known, 30):
        yield _tried(setting, what, data)
    bases = _bases()
    for number in range(setting.count(20, 100)):
        name, base = chance.choice(list(bases.items()))
        yield _tried(setting, f"try {number} of seed {setting.seed}, {name}", _mutated(name, base, chance))


def _tried(setting: Setting, what: str, data: bytes) -> str | None:
    """Reads a file in an empty folder, into a model or by itself. Nothing that it names may run, in a child either."""
    path, ran = setting.folder / "x.pth", setting.folder / "ran"
    path.write_bytes(data)
    fitting = setting.chance.random() < 0.5

    def read() -> None:
        os.chdir(setting.folder)
        module = Tiny()
        if fitting:
            load_strictly(module, read_fitting(path, module.state_dict()).tensors, path)
        else:
            for tensor in read_weights(path, "vlm.weights").values():
                tensor.clone()

    fall = fall_of(read, setting.folder, seconds=2 * SECONDS + 4, allowed=("subprocess.",))
    if ran.exists():
        ran.unlink()
        fall = "it ran what the file names"
    return fall and f"{what}, {'into a model' if fitting else 'by itself'}: {fall}"


def _bases() -> dict[str, bytes]:
    """Sound files of each layout."""
    torch.manual_seed(0)
    weights = {f"fc.{name}": value for name, value in nn.Linear(3, 2).state_dict().items()}
    optimizer = torch.optim.Adam(nn.Linear(3, 2).parameters())
    content = {"model": weights, "optimizer": optimizer.state_dict(), "epoch": 3, "rate": 0.5, "set": {1, 2}}
    made = {"safetensors": save(weights)}
    for layout, zipping in (("zip", True), ("plain", False)):
        for what, value in (("state", content), ("module", nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)))):
            file = io.BytesIO()
            torch.save(value, file, _use_new_zipfile_serialization=zipping)
            made[f"{layout} of a {what}"] = file.getvalue()
    return made


def _mutated(name: str, base: bytes, chance: Random) -> bytes:
    """A file with changed opcodes, or changed bytes."""
    if name.startswith("zip") and chance.random() < 0.7:
        with zipfile.ZipFile(io.BytesIO(base)) as archive:
            members = {info.filename: archive.read(info) for info in archive.infolist()}
        changed = io.BytesIO()
        with zipfile.ZipFile(changed, "w") as archive:
            for each, data in members.items():
                archive.writestr(each, _opcodes_changed(data, chance) if each.endswith("data.pkl") else data)
        return changed.getvalue()
    if name.startswith("plain") and chance.random() < 0.7:
        return _opcodes_changed(base, chance)
    data = bytearray(base)
    for _ in range(chance.choice((1, 2, 8))):
        place = chance.randrange(min(len(data), chance.choice((64, 1 << 20))))
        kind = chance.choice(("change", "cut", "insert", "copy"))
        if kind == "cut":
            del data[place : place + chance.randrange(1, 60)]
        elif kind == "insert":
            data[place:place] = chance.randbytes(chance.randrange(1, 20))
        elif kind == "copy":
            other = chance.randrange(len(data))
            data[place : place + 16] = data[other : other + 16]
        else:
            data[place] = chance.choice((0, 0x7F, 0xFF, chance.randrange(256)))
        data = data or bytearray(b"\0")
    return bytes(data)


def _opcodes_changed(data: bytes, chance: Random) -> bytes:
    """A pickle some of whose instructions are left out, doubled, moved, or taken from elsewhere."""
    file, places = io.BytesIO(data), [0]
    with suppress(ValueError):  # behind the pickles of a plain file stand numbers
        while places[-1] < len(data):
            for _, _, place in pickletools.genops(file):
                places.append(place or places[-1])
            places.append(file.tell())
    pieces = [data[start:end] for start, end in zip(places, [*places[1:], len(data)], strict=True)]
    for _ in range(chance.choice((1, 1, 3, 10))):
        place, kind = chance.randrange(len(pieces)), chance.choice(("out", "double", "move", "known", "random", "many"))
        if kind == "out":
            pieces[place] = b""
        elif kind == "double":
            pieces[place] *= 2
        elif kind == "move":
            pieces[place] = chance.choice(pieces)
        elif kind == "known":
            pieces[place] += chance.choice(_VALUES)
        elif kind == "many":
            pieces[place] *= 10_000
        else:
            pieces[place] += bytes([chance.choice(OPCODES)]) + chance.randbytes(chance.randrange(5))
    return b"".join(pieces)
