"""The words of phantom reports and their Penn Treebank tags.

A phrase is words separated by spaces. A word has the tag of the lexicon, or its own when written `word/TAG`.
"""

from __future__ import annotations

from functools import lru_cache

Word = tuple[str, str]
"""A word and its tag"""

WORDS_BY_TAG: dict[str, str] = {
    "NN": """abnormality age air airspace angle aorta AP apex arch atelectasis atrium base bedside blunting body
        bubble cage cap cardiomegaly carina catheter chest collapse congestion consolidation curvature density
        diaphragm disease edema effort effusion emphysema enlargement evaluation evidence examination fibrosis
        film fluid fracture gas habitus heart hemithorax hernia hyperinflation image infection infiltrate
        infiltration inspiration knob lead lesion level line lobe loss lung man marker mass mediastinum midlung
        nodule opacification opacity overload PA pacemaker patient place pleura pneumonia pneumothorax process
        radiograph region reticulation rib rotation scar scarring scoliosis shadow side silhouette size skeleton
        space spine stomach support surgery thickening thorax tip tissue trachea tube tumor vasculature
        ventricle view volume woman x-ray zone""",
    "NNS": """angles apices bases bones bronchograms clavicles contours devices diaphragms fields findings hila leads
        limits lines lobes lungs opacities regions ribs shoulders sides structures tissues tubes volumes wires
        zones""",
    "NNP": "Kerley",
    "JJ": """acute adequate adult air-fluid anteroposterior aortic apical basal basilar bibasilar bilateral bony
        cardiac cardiomediastinal cardiopulmonary central clear coarse compatible congested consistent
        costophrenic dense diffuse elderly endotracheal extensive female focal free frontal gastric good hiatal
        hilar hyperinflated hyperlucent indwelling infectious inspiratory intact interstitial intrathoracic
        large left linear lobar low male malignant marked mediastinal middle midline mild minimal moderate
        nasogastric negative nodular normal obstructive osseous overlying partial patchy perihilar plate-like
        pleural poor portable posteroanterior present prominent pulmonary reticular retrocardiac right round
        severe sharp single slight small soft solitary sternal suspicious thoracic tiny unremarkable upper
        upright vague vascular venous visible visualized young""",
    "JJR": "lower",
    "DT": "a an both no the",
    "IN": "above after at behind below by for in near of on over throughout with within",
    "CC": "and or",
    "RB": "markedly mildly moderately severely slightly well",
    "VBZ": "ends extends is overlies projects shows",
    "VBP": "are",
    "VBN": "blunted enlarged expanded flattened identified increased limited noted rotated rounded seen thickened",
    "VBG": "layering",
    "EX": "there",
    ".": ".",
    ",": ",",
}

LEXICON: dict[str, str] = {word: tag for tag, words in WORDS_BY_TAG.items() for word in words.split()}
"""Each word's tag, unless the phrase gives another"""


@lru_cache(maxsize=4096)
def spell(phrase: str) -> tuple[Word, ...]:
    """A phrase as tagged words. The first one is capitalised; `a` becomes `an` before a vowel."""
    words: list[Word] = []
    for entry in phrase.split():
        word, _, tag = entry.partition("/")
        words.append((word, tag or LEXICON[word]))
    for index, (word, tag) in enumerate(words[:-1]):
        if word in ("a", "an"):
            words[index] = ("an" if words[index + 1][0][0] in "aeiou" else "a", tag)
    first, tag = words[0]
    words[0] = (first[0].upper() + first[1:], tag)
    return tuple(words)
