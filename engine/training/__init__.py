"""Makes what the package embeds: the demo's two models (train, evaluate) and its tagger (tagger)."""
