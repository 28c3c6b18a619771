"""The stage that runs the models over the images: it computes the parts that each image lacks."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

from engine.keys import content_key
from engine.probing.decoding import READERS
from engine.run.image_results import TOGETHER
from engine.run.stage import Run

if TYPE_CHECKING:
    from engine.run.image_worker import Piece


class ImageStage:
    """Makes the parts of each image (engine.store.parts)."""

    def keys(self, run: Run) -> Iterator[tuple[str, str]]:
        yield "parts", content_key(run.parts.by_name())
        if len(run.images) < len(run.films.images):
            _look_up(run)
        # The key of an embedding is the film's key or is derived from it.
        yield "images", content_key(keys.embedding for keys in run.images)

    def compute(self, run: Run) -> dict[str, Any]:
        images = len(run.films.images)
        if len(run.images) < images or any(map(run.results.lacking, run.images)):
            for _ in computed(run, range(images)):
                pass
        return {"images": run.films.images, "layers": run.inputs.layers, "parts": run.parts, "image_keys": run.images}


def _look_up(run: Run) -> None:
    """Finds the keys of all images without decoding them."""
    images = len(run.films.images)
    run.progress.stage("images", images)
    with ThreadPoolExecutor(READERS) as threads:
        for start in range(0, images, TOGETHER):
            places = range(start, min(start + TOGETHER, images))
            run.films.look_up(places, threads, keep=False)
            run.progress.advance(len(places), reused=len(places))


def computed(run: Run, places: Sequence[int]) -> Iterator[Piece]:
    """Computes what the images at these places lack. Each piece is kept before it is given. Loads torch, and the models
    that are needed."""
    run.progress.stage("images", len(places))
    with closing(_pieces(run, places)) as pieces:
        for piece in pieces:
            run.films.learn(piece.looked_up)
            if piece.computed is not None:
                run.results.put(piece.computed)
            run.progress.advance(piece.passed + piece.images, reused=piece.passed)
            yield piece


def _pieces(run: Run, places: Sequence[int]) -> Generator[Piece, None, None]:
    """What is computed by the processes that [workers] names."""
    address = run.config.workers.address
    if address is not None:
        from engine.run.workers.ray_pieces import ray_pieces

        return ray_pieces(run, places, address)
    from engine.run.image_worker import ImageWorker

    worker = ImageWorker(run.config, run.films, run.parts, run.inputs)
    return worker.pieces(places, run.results.claim, run.cache.mended)
