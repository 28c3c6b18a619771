"""Writes what an output's encoding lacks in ASCII, such as alpha for α, so that no text is lost and nothing fails.

Output goes in the encoding that the reader's locale or PYTHONIOENCODING says, such as Windows-1252 or ASCII. Files that
a command writes are UTF-8 whatever that is.
"""

from __future__ import annotations

import codecs
import io
import unicodedata
from encodings import ascii as ascii_codec

ERRORS = "mammi.spelling"
"""The name of the error handler that spells characters out"""
ASCII = "mammi-ascii"
"""ASCII under another name: click writes UTF-8 to a stream whose encoding is called ascii"""

_DEFAULTS = ("strict", "backslashreplace", "surrogateescape")
"""Python's own error handlers for output"""
_TABLE = """
    α alpha β beta τ tau λ lambda μ mu σ sigma Σ Sum Π Prod √ sqrt ∂ d ∇ grad ∞ inf ∈ in ∪ or ∩ and ≤ <= ≥ >= ± +- × x
    ² ^2 ³ ^3 · | … ... − - – - — - ’ ' “ " ” " § par. † + → -> ⇢ -> ● * ◐ + ○ o ◌ . ◆ # ◇ o ✓ v ✗ x � ?
    ⊞ [v] ⊠ [x] ⊡ [?] ▁ _ ▂ . ▃ : ▄ - ▅ = ▆ + ▇ * █ # ▉ # ▊ # ▋ # ▌ # ▍ - ▎ - ▏ - ─ - ━ - ╌ - ╸ - ╺ - │ | ┃ |
"""
_WORDS = _TABLE.split()
SPELLED = dict(zip(_WORDS[::2], _WORDS[1::2], strict=True)) | {
    chr(0x2400 + code): f"^{chr(0x40 + code)}" for code in range(0x20)
}
"""Character -> ASCII text; a picture of a control character is ^ and a letter. Other characters lose their accents, or
are written as their number, such as \\u80ba"""


def spelled(character: str) -> str:
    """The ASCII text for a character."""
    if character in SPELLED:
        return SPELLED[character]
    plain = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return plain or character.encode("ascii", "backslashreplace").decode()


def spell_out(*streams: object) -> None:
    """Makes text streams spell out what their encoding lacks, unless PYTHONIOENCODING chooses what else to do."""
    codecs.register_error(ERRORS, _handle)
    codecs.register(_search)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and stream.errors in _DEFAULTS:
            named = codecs.lookup(stream.encoding).name
            stream.reconfigure(encoding=ASCII if named == "ascii" else stream.encoding, errors=ERRORS)


def _handle(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(spelled, error.object[error.start : error.end])), error.end


def _search(name: str) -> codecs.CodecInfo | None:
    if name.replace("_", "-") != ASCII:
        return None
    return codecs.CodecInfo(
        name=ASCII,
        encode=codecs.ascii_encode,
        decode=codecs.ascii_decode,
        incrementalencoder=ascii_codec.IncrementalEncoder,
        incrementaldecoder=ascii_codec.IncrementalDecoder,
        streamwriter=ascii_codec.StreamWriter,
        streamreader=ascii_codec.StreamReader,
    )
