"""The methods that say what a neuron responds to: one file each, with `Options`, and `load` or `compute`.

LIVE methods answer from a run file alone, at any time and without torch: `load(options, reader, requery)` gives a
Method (engine.methods.base). COMPUTED methods need the target model and the films: a run that has their table
[methods.NAME] calls `check(options, images, layers)` at its start, which refuses what cannot be computed, and
`compute(options, context)` at its end, and keeps in the run file what that gives, as long as it is of the same films,
target model and VERSION, and where `follows_vlm(options)` of the same VLM and concepts. Which of a neuron's kept scores
are its annotation tells `annotation(options, scores)`, best first; `TITLE` is the method as a reader knows it.
Importing such a module loads no torch.
"""

LIVE = {
    "mammi": "engine.methods.mammi",
    "www": "engine.methods.www",
    "clip_dissect": "engine.methods.clip_dissect",
    "falcon": "engine.methods.falcon",
}
COMPUTED = {
    "netdissect": "engine.methods.netdissect",
    "tsi": "engine.methods.tsi",
    "tcav": "engine.methods.tcav",
}
KINDS = LIVE | COMPUTED
