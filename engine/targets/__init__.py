"""Target models: one file for each kind, named here.

A kind's module has `Options` and `load(options, base) -> TargetModel`.
"""

KINDS: dict[str, str] = {
    "demo": "engine.targets.demo",
    "torchvision": "engine.targets.torchvision",
    "timm": "engine.targets.timm",
    "torchxrayvision": "engine.targets.torchxrayvision",
    "factory": "engine.targets.factory",
}
