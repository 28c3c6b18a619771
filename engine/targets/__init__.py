"""Target models: the classifiers to be explained. Each kind has one module, as engine.targets.base.TargetKind says."""

KINDS: dict[str, str] = {
    "demo": "engine.targets.demo",
    "torchvision": "engine.targets.torchvision",
    "timm": "engine.targets.timm",
    "torchxrayvision": "engine.targets.torchxrayvision",
    "factory": "engine.targets.factory",
}
"""The kind of a target model, as the configuration names it, and its module"""
