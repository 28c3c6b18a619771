"""The methods that say what a neuron responds to. Each has one module, and its table [methods.NAME] in a configuration.

LIVE methods answer from a run file alone, at any time and without torch. COMPUTED methods need the target model and the
films: a run that has the method's table computes its scores and stores them in the run file. engine.methods.base says
what the modules of both must have (LiveMethod, ComputedMethod). Importing such a module loads no torch.
"""

from __future__ import annotations

import importlib

from engine import kinds

LIVE = {
    "mammi": "engine.methods.mammi",
    "mammi_z": "engine.methods.mammi_z",
    "www": "engine.methods.www",
    "clip_dissect": "engine.methods.clip_dissect",
    "falcon": "engine.methods.falcon",
}
COMPUTED = {
    "falcon_crops": "engine.methods.falcon_crops",
    "netdissect": "engine.methods.netdissect",
    "tsi": "engine.methods.tsi",
    "tcav": "engine.methods.tcav",
}
KINDS = LIVE | COMPUTED
"""Our methods and their modules"""


def is_computed(name: str) -> bool:
    """Whether a run computes the method, which may be ours or an installed package's."""
    if name in KINDS:
        return name in COMPUTED
    module = kinds.module_of("methods", name)
    return module is not None and hasattr(importlib.import_module(module), "compute")
