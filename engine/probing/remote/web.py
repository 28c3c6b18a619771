"""Reads a part of a file from a web server, and no more than the part: some servers send the whole file, or go on."""

from __future__ import annotations

from typing import Any

_PIECE = 1 << 16


class NoParts(Exception):
    """The server sends files from their beginning only."""


def web_part(filesystem: Any, url: str, start: int, end: int) -> bytes:
    """The bytes of a file from `start` up to `end`, or its end. Raises NoParts, and what aiohttp and fsspec raise."""
    from fsspec.asyn import sync

    return bytes(sync(filesystem.loop, _part, filesystem, url, start, end))


async def _part(filesystem: Any, url: str, start: int, end: int) -> bytearray:
    session = await filesystem.set_session()
    headers = {"Range": f"bytes={start}-{end - 1}", "Accept-Encoding": "identity"}
    async with session.get(url, headers=headers) as response:
        filesystem._raise_not_found_for_status(response, url)
        if start and response.status != 206:
            raise NoParts
        data = bytearray()
        async for piece in response.content.iter_chunked(_PIECE):
            data += piece
            if len(data) >= end - start:
                response.close()
                break
        return data
