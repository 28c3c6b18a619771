"""Zips of torch and safetensors whose parts lie about each other."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator

from tests.support.hostile_pickles import WEIGHTS, dictionary, zipped


def odd_zips() -> Iterator[tuple[str, bytes]]:
    """Zips whose parts lie about each other, all with good weights otherwise."""
    good = dictionary(model=dictionary(**WEIGHTS))
    whole = zipped(good)
    yield "sound", whole
    name = b"x/data/0"
    central = whole.rfind(name)
    header = central - 46
    for what, place, value in (
        ("a size of 4 GB", header + 24, b"\xfe\xff\xff\xff"),
        ("both sizes of 4 GB", header + 20, b"\xfe\xff\xff\xff" * 2),
        ("a member beyond the file", header + 42, b"\xff\xff\xff\x7f"),
        ("a member over another", header + 42, bytes(4)),
        ("an encrypted member", header + 8, b"\x01\0"),
        ("a member of an unknown method", header + 10, b"\x63\0"),
        ("a link", header + 38, struct.pack("<I", 0o120777 << 16)),
        ("a wrong sum", header + 16, b"\x01\x02\x03\x04"),
        ("sizes in an extra field that is not there", header + 20, b"\xff\xff\xff\xff" * 2),
        ("another name before the member", whole.find(name), b"y/data/0"),
        ("a name of 65,535 bytes before the member", whole.find(name) - 4, b"\xff\xff"),
    ):
        data = bytearray(whole)
        data[place : place + len(value)] = value
        yield what, bytes(data)
    yield "cut in the middle", whole[: len(whole) // 2]
    yield "bytes before it", b"#!/bin/sh\n" * 99 + whole
    yield "bytes behind it", whole + b"PK\5\6" + bytes(18)
    data = bytearray(whole)
    data[-12:-10] = b"\xff\xff"
    yield "65,535 members that are not there", bytes(data)
    yield "empty memory", zipped(good, {"0": b""})
    yield "no memory", zipped(good, {"1": b""})
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"\x80\x02" + b"N0" * 10_000_000 + good + b".")
        archive.writestr("x/data/0", bytes(50_000_000))
    yield "a bomb", content.getvalue()
    for what, names in (
        ("each member twice", ["x/data.pkl", "x/data/0"] * 2),
        ("two folders", ["y/data.pkl", "x/data.pkl", "x/data/0"]),
        ("100,000 members", ["x/data.pkl", "x/data/0", *(f"x/data/n{each}" for each in range(100_000))]),
        ("a name of 60,000 characters", ["x/data.pkl", "x/data/0", f"x/data/{'n' * 60_000}"]),
        ("a name that leads out", ["../../x/data.pkl", "x/data/0"]),
    ):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for each in names:
                pickled = each.endswith("data.pkl")
                info = zipfile.ZipInfo(each)
                archive.NameToInfo.pop(each, None)
                archive.writestr(info, b"\x80\x02" + good + b"." if pickled else struct.pack("<6f", *range(6)))
        yield what, content.getvalue()


def odd_safetensors() -> Iterator[tuple[str, bytes]]:
    """Headers that lie about the numbers behind them."""
    memory = struct.pack("<9f", *range(9))
    weight = '"fc.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}'
    bias = '"fc.bias":{"dtype":"F32","shape":[3],"data_offsets":[24,36]}'
    huge = 1 << 63

    def one(shape: str, offsets: str = "[24,36]", kind: str = '"F32"') -> str:
        return '"fc.bias":{"dtype":' + kind + ',"shape":' + shape + ',"data_offsets":' + offsets + "}"

    for what, head in (
        ("sound", f"{{{weight},{bias}}}"),
        ("tensors that overlap", f"{{{weight},{one('[6]', '[0,24]')}}}"),
        ("offsets beyond the file", f"{{{weight},{one('[300]', '[24,1224]')}}}"),
        ("negative offsets", f"{{{weight},{one('[3]', '[-12,0]')}}}"),
        ("turned offsets", f"{{{weight},{one('[3]', '[36,24]')}}}"),
        ("offsets of 2**63", f"{{{weight},{one('[3]', f'[{huge},{huge + 12}]')}}}"),
        ("a shape of 2**63", f"{{{weight},{one(f'[{huge}]')}}}"),
        ("a shape of 2**62 times 4", f"{{{weight},{one(f'[{1 << 62},4]')}}}"),
        ("a shape with 0 and 2**62", f"{{{weight},{one(f'[0,{1 << 62},{1 << 62}]', '[24,24]')}}}"),
        ("a shape of text", f"{{{weight},{one(chr(34) + 'x' + chr(34))}}}"),
        ("a shape of fractions", f"{{{weight},{one('[3.0]')}}}"),
        ("a thousand axes", f"{{{weight},{one('[3' + ',1' * 1000 + ']')}}}"),
        ("an unknown type", f"{{{weight},{one('[3]', kind=chr(34) + 'F7' + chr(34))}}}"),
        ("a type of four bits", f"{{{weight},{one('[24]', kind=chr(34) + 'F4' + chr(34))}}}"),
        ("a type of eight bits", f"{{{weight},{one('[12]', kind=chr(34) + 'F8_E8M0' + chr(34))}}}"),
        ("a type that is null", f"{{{weight},{one('[3]', kind='null')}}}"),
        ("a name twice", f"{{{weight},{bias},{bias}}}"),
        ("metadata of NaN", f'{{"__metadata__":{{"a":NaN}},{weight},{bias}}}'),
        ("metadata of numbers", f'{{"__metadata__":{{"a":1}},{weight},{bias}}}'),
        ("metadata that is a list", f'{{"__metadata__":[],{weight},{bias}}}'),
        ("a hole", f"{{{one('[3]')}}}"),
        ("nested 100,000 deep", '{"a":' * 100_000),
        ("lists 100,000 deep", '{"a":' + "[" * 100_000),
        ("a name of 5 MB", f'{{"{"n" * 5_000_000}":{{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}}}'),
        ("names with escapes", '{"\\u001b[2J\\ud800\\u0000":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'),
        ("100,000 tensors of nothing", "{" + ",".join(
            f'"n{each}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for each in range(100_000)
        ) + "}"),
        ("empty", "{}"),
        ("spaces", " " * 2_000_000 + "{}"),
    ):  # fmt: skip
        data = head.encode()
        yield what, struct.pack("<Q", len(data)) + data + memory
    data = f"{{{weight},{bias}}}".encode()
    for what, length in (("short", 40), ("long", 4_000), ("of 4 GB", (1 << 32) - 1), ("of 2**63", 1 << 63)):
        yield f"a header whose length is {what}", struct.pack("<Q", length) + data + memory
    yield "cut", (struct.pack("<Q", len(data)) + data + memory)[:-20]
