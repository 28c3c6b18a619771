"""VLMs: one file for each kind, named here.

A kind's module imports nothing heavy, so that a configuration is checked at once. It has

- `Options`: the keys of the table, a pydantic model
- `identity(options, base) -> str | None`: the identity of the VLM that `load` would give, from the bytes of its files;
  None where only loading can tell. Raises what `load` raises for a file that is missing
- `load(options, base, device) -> VLM`: builds the VLM with what engine.vlms.models holds
- `BY_NAME = True` where an image's embedding depends on its name; other kinds leave it out
- `NEEDS`: the packages that `load` imports beside those of the extra `engine`; it may be left out

Relative paths start from `base`.
"""

KINDS: dict[str, str] = {
    "demo": "engine.vlms.demo",
    "factory": "engine.vlms.factory",
    "medclip": "engine.vlms.medclip",
    "medklip": "engine.vlms.medklip",
    "open_clip": "engine.vlms.open_clip",
    "precomputed": "engine.vlms.precomputed",
    "transformers": "engine.vlms.transformers",
}
