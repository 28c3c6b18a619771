"""What a changed run computes again: changes to a run of 40 films, and counts of the work that each causes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

from engine.config.settings import load_config
from engine.progress import Silent
from engine.run import image_pass, layers, loading, text_stage
from engine.run.pipeline import run
from engine.targets import films as target_films
from tests.support import models

FILMS = 40
LAYERS = 'target.layers=["first", "logits"]'
"""The layers of the run before the change"""


@dataclass
class Work:
    """Numbers of images (or texts) by what was done with them."""

    decodes: int = 0
    thumbnails: int = 0
    target: int = 0
    """Images in forward passes of the target model, without the film that goes through first"""
    vlm: int = 0
    """Images in passes of the VLM"""
    texts: int = 0


def counted(compute: Callable[[], object]) -> Work:
    """Counts the work that `compute` does."""
    work = Work()

    def uncounted(look: Callable[..., Any]) -> Callable[..., Any]:
        def look_uncounted(*given: Any) -> Any:
            before = work.target
            try:
                return look(*given)
            finally:
                work.target = before

        return look_uncounted

    def counting(name: str, function: Callable[..., Any], images: Callable[..., int]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            setattr(work, name, getattr(work, name) + images(*given))
            return function(*given)

        return call

    places = [
        (loading, "decode", "decodes", lambda _: 1),
        (target_films, "decode", "decodes", lambda _: 1),
        (loading, "encode", "thumbnails", lambda *_: 1),
        (models.TinyClassifier, "forward", "target", lambda _, films: len(films)),
        (models.TinyVLM, "encode_images", "vlm", lambda _, batch: len(batch)),
        (models.TinyVLM, "encode_texts", "texts", lambda _, texts: len(texts)),
    ]
    with ExitStack() as stack:
        for look in ("read_layers", "read_last_part"):
            stack.enter_context(patch.object(layers, look, uncounted(getattr(layers, look))))
        stack.enter_context(patch.object(image_pass, "embed_again"))
        stack.enter_context(patch.object(text_stage, "encode_again"))
        for owner, attribute, name, images in places:
            function = getattr(owner, attribute)
            stack.enter_context(patch.object(owner, attribute, counting(name, function, images)))
        compute()
    return work


class Project:
    """A run over a folder of films, ordered by name."""

    def __init__(self, folder: Path) -> None:
        self.path = models.tiny_project(folder, FILMS)
        self.out = self.path.with_name("tiny.duckdb")
        self.films = folder / "films"

    def compute(self, *overrides: str, beside: Sequence[Path] = ()) -> None:
        run(load_config(self.path, [LAYERS, *overrides]), Silent(), beside)


def more(project: Project, name: str) -> None:
    models.write_film(project.films / name, seed=1000)


def away(project: Project) -> None:
    (project.films / "017.png").unlink()


def reverse(project: Project) -> None:
    """Renames all films so that the last one becomes the first."""
    for place, film in enumerate(sorted(project.films.iterdir(), reverse=True)):
        film.rename(project.films / f"x{place:03}.png")


def rename(project: Project) -> None:
    (project.films / "005.png").rename(project.films / "renamed.png")


def twice(project: Project) -> None:
    (project.films / "0055.png").write_bytes((project.films / "005.png").read_bytes())


def new_twice(project: Project) -> None:
    more(project, "003a.png")
    more(project, "030a.png")


def same(project: Project) -> None:
    """Changes no film."""


@dataclass(frozen=True)
class Change:
    name: str
    expected: Work
    overrides: tuple[str, ...] = ()
    films: Callable[[Project], None] = same


CHANGES = (
    Change("nothing", Work()),
    Change("run.batch_size", Work(), ("run.batch_size=7",)),
    Change("run.alpha", Work(), ("run.alpha=0.8",)),
    Change("run.thumbnail_size", Work(40, 40), ("run.thumbnail_size=200",)),
    Change("the order of the films, and all names", Work(), films=reverse),
    Change("one film more, at the end", Work(1, 1, 1, 1), films=lambda project: more(project, "last.png")),
    Change("one film more, sorted in first", Work(1, 1, 1, 1), films=lambda project: more(project, "00.png")),
    Change("one film fewer", Work(decodes=4, target=4), films=away),  # those that now are among a unit's strongest
    Change("a film renamed", Work(), films=rename),
    Change("a film of the run once more", Work(), films=twice),
    Change("a new film, twice", Work(1, 1, 1, 1), films=new_twice),
    Change("one layer more", Work(40, 0, 40), ('target.layers=["first", "second", "logits"]',)),
    Change("one layer fewer", Work(), ('target.layers=["first"]',)),
    Change("target.pooling", Work(40, 0, 40), ("target.pooling=max",)),
    Change("another target model", Work(40, 0, 40), ("target.arguments.seed=1",)),
    Change("another VLM", Work(40, 0, 0, 40, 6), ("vlm.arguments.seed=2",)),
    Change("run.template", Work(texts=6), ("run.template=A film of a",)),
    Change("run.subtract_template", Work(), ("run.subtract_template=false",)),
    Change("run.parity", Work(40, 0, 0, 40, 5), ("run.parity=published",)),
)


def measured(folder: Path, change: Change) -> Work:
    """The work of a run after the change, with the run file from before the change in place."""
    project = Project(folder)
    project.compute()
    change.films(project)
    return counted(lambda: project.compute(*change.overrides))


def table(rows: Sequence[tuple[str, Work]]) -> str:
    """A Markdown table."""
    names = [field.name for field in fields(Work)]
    lines = [["changed", *names], ["---"] * (1 + len(names))]
    lines += [[name, *(str(getattr(work, column)) for column in names)] for name, work in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
