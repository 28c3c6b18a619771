"""Chosen films of a method's context as inputs of the target model."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from engine.methods.context import MethodContext
from engine.targets import films
from engine.targets.films import FilmBatch


def film_batches(context: MethodContext, rows: Sequence[int], size: int) -> Generator[FilmBatch, None, None]:
    """The images in batches of `size`, as engine.targets.films.film_batches."""
    return films.film_batches(context.target, context.probing, context.images, rows, size)
