"""Target models: one file for each kind, named here.

A kind's module imports nothing heavy, so that a configuration is checked at once. It has

- `Options`: the keys of the table, a pydantic model
- `identity(options, base) -> str | None`: the identity of the model that `load` would give, from the bytes of its
  files; None where only loading can tell. Raises what `load` raises for a file that is missing
- `load(options, base) -> TargetModel`: builds the model with what engine.targets.models holds
- `NEEDS`: the packages that `load` imports beside those of the extra `engine`; it may be left out

Relative paths start from `base`.
"""

KINDS: dict[str, str] = {
    "demo": "engine.targets.demo",
    "torchvision": "engine.targets.torchvision",
    "timm": "engine.targets.timm",
    "torchxrayvision": "engine.targets.torchxrayvision",
    "factory": "engine.targets.factory",
}
