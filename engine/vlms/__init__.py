"""VLMs: the image-text models. Each kind has one module, as engine.vlms.base.VLMKind says."""

KINDS: dict[str, str] = {
    "demo": "engine.vlms.demo",
    "factory": "engine.vlms.factory",
    "medclip": "engine.vlms.medclip",
    "medklip": "engine.vlms.medklip",
    "open_clip": "engine.vlms.open_clip",
    "precomputed": "engine.vlms.precomputed",
    "transformers": "engine.vlms.transformers",
}
"""The kind of a VLM, as the configuration names it, and its module"""
