"""Hands arrays to DuckDB without a copy, as a stream of the Arrow C data interface with one batch.

https://arrow.apache.org/docs/format/CDataInterface.html and .../CStreamInterface.html give the structures. DuckDB takes
any object with `__arrow_c_stream__`. It would make a Python object of each number of an array in an object column.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from ctypes import POINTER, c_char_p, c_int, c_int64, c_void_p
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

_FORMATS = {
    "bool": "b",
    "uint8": "C",
    "uint16": "S",
    "int32": "i",
    "uint32": "I",
    "int64": "l",
    "float32": "f",
    "float64": "g",
}
_CAPSULE = b"arrow_array_stream"


class _Schema(ctypes.Structure):
    pass


class _Array(ctypes.Structure):
    pass


class _Stream(ctypes.Structure):
    pass


_Release = ctypes.CFUNCTYPE(None, c_void_p)
_Get = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)
_LastError = ctypes.CFUNCTYPE(c_void_p, c_void_p)

_Schema._fields_ = [
    *(("format", c_char_p), ("name", c_char_p), ("metadata", c_char_p), ("flags", c_int64), ("n_children", c_int64)),
    *(("children", POINTER(POINTER(_Schema))), ("dictionary", c_void_p), ("release", c_void_p)),
    ("private_data", c_void_p),
]
_Array._fields_ = [
    *(("length", c_int64), ("null_count", c_int64), ("offset", c_int64), ("n_buffers", c_int64)),
    *(("n_children", c_int64), ("buffers", POINTER(c_void_p)), ("children", POINTER(POINTER(_Array)))),
    *(("dictionary", c_void_p), ("release", c_void_p), ("private_data", c_void_p)),
]
_Stream._fields_ = [
    *(("get_schema", _Get), ("get_next", _Get), ("get_last_error", _LastError), ("release", c_void_p)),
    ("private_data", c_void_p),
]


def _released(kind: Any) -> Any:
    """A callback that marks a structure as released. NumPy owns what it points to, so there is nothing to free: it may
    be called at any time, also on a copy that DuckDB has made."""

    offset = kind.release.offset

    def release(address: int) -> None:
        c_void_p.from_address(address + offset).value = None

    return _Release(release)


_RELEASE: dict[Any, Any] = {kind: _released(kind) for kind in (_Schema, _Array, _Stream)}
"""Kept for good, since DuckDB may call them after the columns are gone"""


class ArrowColumns:
    """Columns of equal length: numbers [n], texts [n] (an object array) or lists of numbers [n, k], row by row.

    One query may read it, and must end before it is closed.
    """

    def __init__(self, columns: Mapping[str, NDArray[Any]]) -> None:
        self._kept: list[object] = []
        """What the structures point to"""
        rows = {len(values) for values in columns.values()}
        if len(rows) != 1:
            raise ValueError(f"columns of different lengths: {sorted(rows)}")
        parts = [self._column(name, values) for name, values in columns.items()]
        self._schema = self._new_schema("+s", "", [schema for schema, _ in parts])
        self._array = self._new_array(rows.pop(), [None], [array for _, array in parts])
        self._given = False
        callbacks = (_Get(self._get_schema), _Get(self._get_next), _LastError(lambda _stream: None))
        self._stream = _Stream(*callbacks, _address(_Stream))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Lets go of the arrays, which the callbacks would keep until cyclic garbage is next looked for."""
        self._kept.clear()
        self._stream = _Stream()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """A capsule with the stream. The columns are given as they are, whatever is requested."""
        new = ctypes.pythonapi.PyCapsule_New
        new.restype, new.argtypes = ctypes.py_object, [c_void_p, c_char_p, c_void_p]
        return new(ctypes.addressof(self._stream), _CAPSULE, None)

    def _get_schema(self, _stream: int, out: int) -> int:
        ctypes.memmove(out, ctypes.addressof(self._schema), ctypes.sizeof(_Schema))
        return 0

    def _get_next(self, _stream: int, out: int) -> int:
        ctypes.memset(out, 0, ctypes.sizeof(_Array))  # released: the end of the stream
        if not self._given:
            ctypes.memmove(out, ctypes.addressof(self._array), ctypes.sizeof(_Array))
        self._given = True
        return 0

    def _column(self, name: str, values: NDArray[Any]) -> tuple[_Schema, _Array]:
        if values.dtype == object:
            texts = [value.encode() for value in values]
            ends = np.cumsum([0, *map(len, texts)], dtype=np.int32)
            whole = np.frombuffer(b"".join(texts) or b"\0", np.uint8)
            return self._new_schema("u", name), self._new_array(len(values), [None, ends, whole])
        numbers = np.ascontiguousarray(values)
        form = _FORMATS[numbers.dtype.name]
        if numbers.dtype == np.bool_:
            numbers = np.packbits(numbers, bitorder="little")
        item = self._new_array(values.size, [None, numbers])
        if values.ndim == 1:
            return self._new_schema(form, name), item
        schema = self._new_schema(f"+w:{values.shape[1]}", name, [self._new_schema(form, "item")])
        return schema, self._new_array(len(values), [None], [item])

    def _new_schema(self, form: str, name: str, children: list[_Schema] | None = None) -> _Schema:
        pointers = self._pointers(_Schema, children or [])
        schema = _Schema(form.encode(), name.encode(), None, 0, len(children or []), pointers, None, _address(_Schema))
        self._kept.append(schema)
        return schema

    def _new_array(
        self, length: int, buffers: list[NDArray[Any] | None], children: list[_Array] | None = None
    ) -> _Array:
        addresses = (c_void_p * len(buffers))(*(None if each is None else each.ctypes.data for each in buffers))
        pointers = self._pointers(_Array, children or [])
        sizes = (length, 0, 0, len(buffers), len(children or []))
        array = _Array(*sizes, addresses, pointers, None, _address(_Array))
        self._kept += [buffers, addresses, array]
        return array

    def _pointers(self, kind: Any, children: list[Any]) -> Any:
        if not children:
            return None
        pointers = (POINTER(kind) * len(children))(*map(ctypes.pointer, children))
        self._kept.append(pointers)
        return pointers


def _address(kind: Any) -> int | None:
    return ctypes.cast(_RELEASE[kind], c_void_p).value
