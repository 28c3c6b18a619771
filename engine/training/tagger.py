"""Trains the demo's part-of-speech tagger on phantom reports, whose grammar provides the tags, and writes tagger.json.

    python -m engine.training.tagger

It prints the accuracy on reports of held-out films, and takes a few seconds.
"""

from __future__ import annotations

import random
from pathlib import Path

from nltk.tag.perceptron import PerceptronTagger

import engine.concepts
from engine.concepts.tagger import Tagger, TaggerModel
from engine.probing.phantom.lexicon import Word
from engine.probing.phantom.population import HELD_OUT_SEEDS, TRAINING_SEEDS, population
from engine.probing.phantom.report import write_sentences

TAGGER_FILE = Path(engine.concepts.__file__).with_name("tagger.json")
FILMS = 2000


def tagged_sentences(seed: int, films: int = FILMS) -> list[list[Word]]:
    """The sentences of a population's reports, in lower case as engine.concepts.nouns tags them."""
    return [
        [(word.lower(), tag) for word, tag in sentence.words]
        for anatomy in population(seed, films, enriched=True)
        for sentence in write_sentences(anatomy)
    ]


def train(sentences: list[list[Word]]) -> TaggerModel:
    """Trains NLTK's averaged perceptron for its usual five rounds, and leaves out weights that average to zero."""
    random.seed(0)  # NLTK shuffles the sentences with the global generator
    tagger = PerceptronTagger(load=False)
    tagger.train(sentences)
    weights = {feature: tags for feature, tags in sorted(tagger.model.weights.items()) if tags}
    return TaggerModel(weights=weights, tagdict=dict(sorted(tagger.tagdict.items())), classes=sorted(tagger.classes))


def accuracy(tagger: Tagger, sentences: list[list[Word]]) -> float:
    """The share of words that the tagger tags as the grammar does."""
    right = [
        tagged == expected
        for sentence in sentences
        for tagged, expected in zip(tagger.tag([word for word, _ in sentence]), sentence, strict=True)
    ]
    return sum(right) / len(right)


def main() -> None:
    model = train(tagged_sentences(TRAINING_SEEDS[0]))
    TAGGER_FILE.write_text(model.model_dump_json(), encoding="utf-8")
    held_out = accuracy(model.tagger(), tagged_sentences(HELD_OUT_SEEDS[0]))
    print(
        f"{TAGGER_FILE.name}: {TAGGER_FILE.stat().st_size / 1024:.0f} KB, {held_out:.2%} of held-out words tagged right"
    )


if __name__ == "__main__":
    main()
