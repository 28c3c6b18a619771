"""The study of words: rankings and selections over several classifiers, populations and concept sets."""
