"""VLMs: one file for each kind, named here.

A kind's module has `Options` and `load(options, base, device) -> VLM`.
"""

KINDS: dict[str, str] = {
    "demo": "engine.vlms.dual_encoder",
    "factory": "engine.vlms.factory",
    "medclip": "engine.vlms.medclip",
    "medklip": "engine.vlms.medklip",
    "open_clip": "engine.vlms.open_clip",
    "precomputed": "engine.vlms.precomputed",
    "transformers": "engine.vlms.transformers_dual",
}
