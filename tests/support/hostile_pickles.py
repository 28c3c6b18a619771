"""Pickles that crash, hang, swell or run code where they are read without care, and the files that hold them."""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections.abc import Iterator, Sequence

DEEP = 300_000
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_STORAGE = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x06tQ"
"""A tensor's memory of six numbers, under the key 0"""
_MODULE = b"ctorch.nn\nModule\n)\x81"


def text(value: str) -> bytes:
    data = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def number(value: int) -> bytes:
    data = pickle.encode_long(value)
    return b"\x8a" + bytes([len(data)]) + data


def called(name: str, *arguments: bytes) -> bytes:
    module, _, function = name.rpartition(".")
    return b"c" + module.encode() + b"\n" + function.encode() + b"\n(" + b"".join(arguments) + b"tR"


def numbers(values: Sequence[int | bytes]) -> bytes:
    return b"(" + b"".join(value if isinstance(value, bytes) else number(value) for value in values) + b"t"


def tensor(
    shape: Sequence[int | bytes] = (2, 3),
    stride: Sequence[int | bytes] = (3, 1),
    offset: int | bytes = 0,
    storage: bytes = _STORAGE,
    name: str = "torch._utils._rebuild_tensor_v2",
    more: bytes = b"",
) -> bytes:
    first = offset if isinstance(offset, bytes) else number(offset)
    return called(name, storage, first, numbers(shape), numbers(stride), b"\x89N", more)


def dictionary(**values: bytes) -> bytes:
    return b"}(" + b"".join(text(name) + value for name, value in values.items()) + b"u"


def module(**parts: bytes) -> bytes:
    """A module of torch with these dictionaries, such as `_modules`."""
    return _MODULE + dictionary(**parts) + b"b"


def doubled(start: bytes, times: int, step: bytes = b"2\x86") -> bytes:
    return start + step * times


def _graph(levels: int, inner: bytes) -> bytes:
    """A module each of whose two children is the module of the level below."""
    made = inner + b"q\x010"
    for _ in range(levels):
        made += module(_parameters=b"}", _modules=dictionary(a=b"h\x01", b=b"h\x01")) + b"q\x010"
    return made + b"h\x01"


WEIGHTS = {"fc.weight": tensor(), "fc.bias": tensor((3,), (1,))}


def _odd_tensors() -> Iterator[tuple[str, bytes]]:
    most = (1 << 63) - 1
    yield "the memory of a tensor has a kind that nobody knows", tensor(storage=_STORAGE.replace(b"Float", b"Flood"))
    yield "a tensor's memory is a text", tensor(storage=text("x"))
    yield "a shape of 2**62", tensor((1 << 62,), (1,))
    yield "a shape of 2**63 - 1 twice", tensor((most, most), (1, 1))
    yield "a shape of 2**200", tensor((1 << 200,), (1,))
    yield "a negative shape", tensor((-2, 3))
    yield "a shape of texts", tensor((text("a"),), (1,))
    yield "a shape of numbers with a point", tensor((b"G?\xf0\0\0\0\0\0\0",), (1,))
    yield "a thousand axes", tensor((1,) * 1000, (1,) * 1000)
    yield "a negative stride", tensor((2, 3), (-3, 1))
    yield "a stride of 0 over 10**12 numbers", tensor((10**6, 10**6), (0, 0))
    yield "a stride beyond the memory", tensor((2, 3), (most, 1))
    yield "fewer strides than axes", tensor((2, 3), (1,))
    yield "a negative offset", tensor(offset=-1)
    yield "an offset beyond the memory", tensor(offset=1 << 40)
    yield "an offset of 2**80", tensor(offset=1 << 80)
    yield "an offset that is True", tensor(offset=b"\x88")
    for kind in ("load", "float8_e4m3fn", "quint8", "no.such", "__name__"):
        v3 = "torch._utils._rebuild_tensor_v3"
        yield f"a tensor of the type torch.{kind}", tensor(name=v3, more=b"ctorch\n" + kind.encode() + b"\n")
    deep = tensor()
    for _ in range(5_000):
        deep = b"ctorch._utils\n_rebuild_parameter\n(" + deep + b"\x89NtR"
    yield "a parameter of a parameter, 5,000 times", deep


def _values() -> Iterator[tuple[str, bytes]]:
    """Values that stand beside good weights."""
    yield "tuples, deep", b")" + b"\x85" * DEEP
    yield "lists, deep", b"]" * DEEP + b"a" * (DEEP - 1)
    yield "dictionaries, deep", b"}K\x01" * DEEP + b"}" + b"s" * DEEP
    yield "calls, deep", b"cx\ny\n" * DEEP + b")" + b"R\x85" * (DEEP - 1) + b"R"
    yield "states, deep", b"cx\ny\n)\x81" * DEEP + b"N" + b"b" * DEEP
    yield "deep tuples as a key", b"}" + b")" + b"\x85" * DEEP + b"Ns"
    yield "deep tuples in a set", b"\x8f(" + b")" + b"\x85" * DEEP + b"\x90"
    yield "a frozen set of deep tuples", b"((" + b"t" + b"\x85" * DEEP + b"\x91"
    yield "doubled tuples", doubled(b")", 60)
    yield "doubled tuples as a key", b"}" + doubled(b")", 60) + b"Ns"
    yield (
        "doubled tuples as a key of an ordered dictionary",
        (b"ccollections\nOrderedDict\n((" + doubled(b")", 60) + b"Nt\x85" + b"tR"),
    )
    yield "doubled tuples in a set", b"\x8f(" + doubled(b")", 60) + b"\x90"
    yield "doubled lists", doubled(b"]", 60, b"2a" * 0 + b"q\x05(h\x05h\x05l")
    yield "a list that holds itself", b"]q\x01h\x01a"
    yield "a dictionary that holds itself", b"}q\x01" + text("a") + b"h\x01s"
    yield "tuples of a hundred times the one before", doubled(b")", 60, b"q\x050(" + b"h\x05" * 100 + b"t")
    yield "an extension", b"\x82\x01"
    yield "an extension of four bytes", b"\x84\xff\xff\xff\x7f"
    yield "a persistent text", b"Pabc\n"
    yield "a persistent tuple of nothing", b")Q"
    yield "a persistent number", b"K\x01Q"
    yield "a memo of two thousand million", b"Nr\xff\xff\xff\x7f"
    yield "a memo of 9,999 digits", b"Np" + b"9" * 9_999 + b"\n"
    yield "a text of 2**62 bytes", b"\x8d" + struct.pack("<Q", 1 << 62)
    yield "a text of 3 GB", b"\x8d" + struct.pack("<Q", 3 << 30)
    yield "an array of 2**62 bytes", b"\x96" + struct.pack("<Q", 1 << 62)
    yield "an array of 3 GB", b"\x96" + struct.pack("<Q", 3 << 30)
    yield "bytes of 3 GB", b"\x8e" + struct.pack("<Q", 3 << 30)
    yield "a frame of 2**62 bytes", b"\x95" + struct.pack("<Q", 1 << 62)
    yield "a number of 2 GB", b"\x8b\xff\xff\xff\x7f"
    yield "a number of -1 bytes", b"\x8b\xff\xff\xff\xff"
    yield "a number of 100,000 digits", b"L" + b"9" * 100_000 + b"L\n"
    yield "a key of a number of 300,000 bits", b"}\x8b" + struct.pack("<i", 37_500) + b"\x7f" * 37_500 + b"Ns"
    yield "a name of 5 MB", b"c" + b"x" * 5_000_000 + b"\ny\n"
    yield "a key of 5 MB", b"}" + text("y" * 5_000_000) + b"Ns"
    yield "keys with escapes", b"}" + text("\x1b]0;x\x07\x1b[2J\ud800\0\n") + tensor() + b"s"
    yield "a hundred thousand names", b"".join(b"cm%d\nn\n0" % each for each in range(100_000)) + b"N"
    yield "a buffer of another file", b"\x97"
    yield "marks, deep", b"(" * DEEP + b"t" * DEEP
    yield "a state for a name", b"cos\nsystem\n" + dictionary(text=text("torch._utils._rebuild_tensor_v2")) + b"b"
    yield "a state for a text", text("x") + b"}b"
    yield "a state in slots", b"cos\nsystem\n)\x81N" + dictionary(name=text("x"), items=b"N", state=b"N") + b"\x86b"
    yield "a state for a memory", _STORAGE + dictionary(key=b"N", kind=b"N") + b"b"
    yield "arguments of a number", b"cos\nsystem\nK\x01R"
    yield "a call of a number", b"K\x01)R"
    yield "keywords of a list", b"cos\nsystem\n)]\x92"
    yield (
        "a module that holds itself",
        module(_modules=b"}q\x02" + text("a") + b"h\x01s").replace(_MODULE, _MODULE + b"q\x01", 1),
    )
    yield "a module of odd parts", module(_modules=b"K\x01", _parameters=text("x"), _buffers=b"]")
    yield (
        "modules, deep",
        b"".join(
            _MODULE + b"}(" + text("_parameters") + b"}" + text("_modules") + b"}" + text("a") for _ in range(5_000)
        )
        + module(_modules=b"}", _parameters=b"}")
        + b"sub" * 5_000,
    )


def _calls() -> Iterator[tuple[str, bytes]]:
    """Values that ask to run something: each would make the file `ran`."""
    ran = text("touch ran")
    code = text("open('ran', 'w')")
    for name in ("os.system", "posix.system", "subprocess.getoutput", "commands.getoutput", "os.popen"):
        yield f"a call of {name}", called(name, ran)
    for name in ("builtins.eval", "builtins.exec", "__builtin__.eval", "timeit.timeit", "pdb.run", "code.interact"):
        yield f"a call of {name}", called(name, code)
    yield "a call of open", called("builtins.open", text("ran"), text("w"))
    yield "a name from the stack", text("os") + text("system") + b"\x93(" + ran + b"tR"
    yield "a name with dots", text("os") + text("path.os.system") + b"\x93(" + ran + b"tR"
    yield "an instance", b"(" + ran + b"ios\nsystem\n"
    yield "an object", b"(cos\nsystem\n" + ran + b"o"
    yield "a new object", b"cos\nsystem\n(" + ran + b"t\x81"
    yield "a new object with keywords", b"cos\nsystem\n(t" + dictionary(command=ran) + b"\x92"
    yield "an attribute", called("builtins.getattr", b"cos\nsystem\n", text("__call__")) + b"(" + ran + b"tR"
    yield "an import", called("builtins.__import__", text("ran"))
    yield "a loader of torch", called("torch.load", text("ran"))
    yield "a loader of pickles", called("pickle.loads", b"C\x15cposix\nsystem\n(S'x'\ntR"[:23])
    yield "a reducer", called("functools.reduce", b"cos\nsystem\n", b"(" + ran + b"t")
    yield "a state that is called", called("functools.partial", b"cos\nsystem\n") + b"(cos\nsystem\n(" + ran + b"t}Ntb"
    yield "a partial call", called("functools.partial", b"cos\nsystem\n", ran) + b")R"
    yield "a download", called("torch.hub.load", text("a/b"), text("c"))
    yield "a library", called("ctypes.CDLL", text("libc.so.6"))


def pickles() -> Iterator[tuple[str, bytes]]:
    """Each with what is odd about it: opcodes without the end, whose value is the last on the stack."""
    for what, value in (*_values(), *_calls()):
        yield f"beside weights: {what}", dictionary(model=dictionary(**WEIGHTS), extra=value)
        yield f"in place of weights: {what}", value
    for what, value in _odd_tensors():
        yield what, dictionary(model=dictionary(**{**WEIGHTS, "fc.weight": value}))
    leaf = module(_parameters=dictionary(w=tensor()), _modules=b"}")
    yield "modules that double 24 times", _graph(24, leaf)
    yield "modules that double 60 times", _graph(60, leaf)
    wide = module(_parameters=dictionary(**{f"w{each}": tensor() for each in range(300)}), _modules=b"}")
    yield "modules of 300 tensors that double 16 times", _graph(16, wide)
    many = b"](" + _graph(16, leaf) + (module(_modules=dictionary(a=b"h\x01")) * 90) + b"e"
    yield "90 modules, each with one that doubles 16 times", many
    yield (
        "a file of 3,000 keys for one state dict",
        (
            b"}("
            + text("x")
            + dictionary(**{f"w{each}": tensor() for each in range(300)})
            + b"q\x01"
            + b"".join(text(f"k{each}") + b"h\x01" for each in range(3_000))
            + b"u"
        ),
    )


def zipped(data: bytes, storages: dict[str, bytes] | None = None) -> bytes:
    """A file as torch 1.6 and later write it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x02" + data + b".")
        archive.writestr("x/version", "3")
        archive.writestr("x/byteorder", "little")
        for key, memory in (storages or {"0": struct.pack("<6f", *range(6))}).items():
            archive.writestr(f"x/data/{key}", memory)
    return content.getvalue()


def plain(data: bytes) -> bytes:
    """A file as torch before 1.6 wrote it."""
    facts = {"protocol_version": _PROTOCOL, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    head = b"".join(pickle.dumps(each, 2) for each in (_MAGIC, _PROTOCOL, facts))
    memory = pickle.dumps(["0"], 2) + struct.pack("<q", 6) + struct.pack("<6f", *range(6))
    return head + b"\x80\x02" + data.replace(b"K\x06tQ", b"K\x06NtQ") + b"." + memory
