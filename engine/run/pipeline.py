"""A run: its stages in order, what earlier runs computed taken over, and one run file at the end."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.config.leaves import Leaf
from engine.config.settings import RunConfig
from engine.errors import ConfigError, RunFileError
from engine.methods import COMPUTED
from engine.progress import Progress
from engine.run.image_pass import ImagePass
from engine.run.known import METHOD_STAGE, VLM_STAGE, Known
from engine.run.loading import Loader
from engine.run.method_stage import method_stage
from engine.run.parts import RunParts, load
from engine.run.stages import assembly_stage, concept_stage, image_stage, prompted
from engine.store.batch import BatchKeys
from engine.store.contents import OtherTemplate, RunContents, StoredMethod
from engine.store.finished import FinishedRun
from engine.store.keys import content_key
from engine.store.work import WorkFile, work_path
from engine.vlms.base import VLM

PACKAGES = ("mammi-explorer", "torch", "torchvision", "numpy", "pillow")
"""Their versions are kept in the run file."""


def run(config: RunConfig, progress: Progress, beside: Sequence[Path] = ()) -> Path:
    """Computes what the run file `run.out` lacks, and returns its path.

    Each batch of images and each piece of the concept set is kept in `run.out`.work as soon as it is computed, under a
    key made of all that determines it. Stopped at any point, the next run goes on from there; a run file that is up to
    date is left as it is. What finished run files `beside` it hold of this run is taken over as well.

    Raises MammiError for what the user can mend: ConfigError for the configuration, RunFileError when another process
    is writing the same run file.
    """
    settings = config.run
    out = settings.out.absolute()
    parts = load(config, progress)
    loader = Loader(parts.probing, parts.target.preprocess, parts.vlm.preprocess, settings.thumbnail_size)
    image_pass = ImagePass(config, parts.target, [layer.name for layer in parts.layers], parts.vlm, parts.device)
    _prepare_output(out)
    with ExitStack() as open_files:
        work = open_files.enter_context(WorkFile(work_path(out)))
        finished = open_files.enter_context(_finished(out)) if out.exists() else None
        neighbours = [open_files.enter_context(FinishedRun(path)) for path in beside if path.absolute() != out]
        known = Known(work, neighbours if finished is None else [finished, *neighbours])
        templates = (settings.template, *settings.other_templates)
        texts = [text for template in templates for text in prompted(template, parts.concepts)]
        embeddings = concept_stage(parts.vlm, [*texts, *parts.captions], known, progress)
        with closing(loader.batches(settings.batch_size, image_pass.fingerprints, known.missing)) as batches:
            keys = image_stage(batches, len(parts.probing.images), image_pass, known, progress)
        contents = _contents(config, parts, embeddings, keys)
        contents = replace(contents, stages=_stages(contents, parts.vlm, config.methods, known))
        scores = method_stage(config, parts, contents, known, progress)
        if finished is not None and finished.stages == contents.stages:
            progress.note(f"{out} is up to date.")
        else:
            assembly_stage(out, replace(contents, method_scores=scores), known, progress)
    work_path(out).unlink(missing_ok=True)
    return out


def _contents(
    config: RunConfig, parts: RunParts, embeddings: NDArray[np.float32], keys: Sequence[BatchKeys]
) -> RunContents:
    """All but the keys of stages and the scores of methods. `embeddings` are of the concepts in each template, and of
    the captions."""
    settings = config.run
    of_captions = len(embeddings) - len(parts.captions)
    own, *others = np.split(embeddings[:of_captions], 1 + len(settings.other_templates))
    return RunContents(
        images=parts.probing.images,
        layers=parts.layers,
        concepts=parts.concepts,
        concept_sets=parts.concept_sets,
        text_embeddings=own[1:],
        template=settings.template,
        template_embedding=own[0],
        alpha=settings.alpha,
        beta=settings.beta,
        target=parts.target.name,
        vlm=parts.vlm.name,
        other_templates=[
            OtherTemplate(template, rows[0], rows[1:])
            for template, rows in zip(settings.other_templates, others, strict=True)
        ],
        captions=parts.captions,
        caption_embeddings=embeddings[of_captions:],
        methods=[StoredMethod(leaf.kind, leaf.options.model_dump(mode="json")) for leaf in config.methods],
        config=config.as_dict(),
        versions=_versions(),
        batch_keys=keys,
    )


def _prepare_output(out: Path) -> None:
    """Makes the folder of the run file."""
    if out.is_dir():
        raise ConfigError(f"run.out: {out} is a folder; name a file, such as {out / 'run.duckdb'}.")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"run.out: cannot make the folder {out.parent}: {error.strerror}.") from None


def _finished(out: Path) -> FinishedRun:
    try:
        return FinishedRun(out)
    except RunFileError as error:
        raise RunFileError(f"{error}\nMove it away, or name another file in run.out.") from None


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions


def _stages(contents: RunContents, vlm: VLM, methods: Sequence[Leaf], known: Known) -> dict[str, str]:
    """Stage name -> the key of all that determines it. Equal keys, equal content."""
    layers = [[layer.name, layer.pooling, layer.unit_names] for layer in contents.layers]
    settings = [contents.alpha, contents.beta, contents.target, contents.vlm]
    sets = [[known.name, known.kind, known.concepts] for known in contents.concept_sets]
    images = [
        [image.path, image.patient, image.view, image.labels, image.report, dict(image.parameters)]
        + [[box.label, box.x, box.y, box.width, box.height] for box in image.boxes]
        + [[outline.label, outline.points] for outline in image.polygons]
        for image in contents.images
    ]
    films = content_key(layers, images)
    stages = {
        VLM_STAGE: vlm.identity,
        "concepts": content_key(contents.template, list(contents.concepts), sets),
        "images": content_key(list(contents.batch_keys)),
    }
    computed = {leaf.kind: leaf for leaf in methods if leaf.kind in COMPUTED}
    usable = [not reason for keys in contents.batch_keys for reason in known.reasons(keys)] if computed else []
    of_target = content_key([keys.target for keys in contents.batch_keys], usable)
    scored = {
        METHOD_STAGE + kind: content_key(
            *(kind, leaf.module.VERSION, leaf.options.model_dump(mode="json"), films, of_target),
            *(stages.values() if leaf.module.follows_vlm(leaf.options) else ()),
        )
        for kind, leaf in computed.items()
    }
    others = [other.template for other in contents.other_templates]
    named = [[method.name, dict(method.options)] for method in contents.methods]
    return {
        **stages,
        **scored,
        "evidence": content_key(others, list(contents.captions), named),
        "assembly": content_key(settings, films),
    }
