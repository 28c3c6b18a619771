"""A run: its stages in order, what earlier runs computed taken over, and one run file at the end."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from torch import nn

from engine.config import RunConfig
from engine.config_leaves import Leaf
from engine.device import choose_device
from engine.errors import ConfigError, RunFileError
from engine.image_pass import ImagePass
from engine.known import METHOD_STAGE, VLM_STAGE, Known
from engine.loading import Loader
from engine.method_stage import method_stage
from engine.methods import COMPUTED
from engine.probing.base import ProbingSet
from engine.progress import Progress
from engine.stages import assembly_stage, concept_stage, content_key, image_stage, prompted
from engine.store.contents import ConceptSet, Layer, OtherTemplate, RunContents, StoredMethod
from engine.store.finished import FinishedRun
from engine.store.work import WorkFile, work_path
from engine.targets.base import TargetModel
from engine.targets.taps import LOGITS, resolve_layers
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
    device = choose_device(settings.device)
    progress.stage("loading", 4)
    probing: ProbingSet = config.probing.load(config.base)
    if not probing.images:
        raise ConfigError(f'probing: the probing set of kind "{config.probing.kind}" is empty.')
    progress.advance(1)
    target: TargetModel = config.target.load(config.base)
    layers = resolve_layers(target.module, config.taps.layers)
    progress.advance(1)
    vlm: VLM = config.vlm.load(config.base, device)
    progress.advance(1)
    reports = [image.report for image in probing.images if image.report]
    concepts, concept_sets = _concepts(config, reports)
    captions = _captions(config, reports)
    progress.advance(1)
    loader = Loader(probing, target.preprocess, vlm.preprocess, settings.thumbnail_size)
    image_pass = ImagePass(config, target, layers, vlm, device)
    _prepare_output(out)
    with ExitStack() as open_files:
        work = open_files.enter_context(WorkFile(work_path(out)))
        finished = open_files.enter_context(_finished(out)) if out.exists() else None
        neighbours = [open_files.enter_context(FinishedRun(path)) for path in beside if path.absolute() != out]
        known = Known(work, neighbours if finished is None else [finished, *neighbours])
        templates = (settings.template, *settings.other_templates)
        texts = [text for template in templates for text in prompted(template, concepts)]
        embeddings = concept_stage(vlm, [*texts, *captions], known, progress)
        own, *others = np.split(embeddings[: len(texts)], len(templates))
        with closing(loader.batches(settings.batch_size, image_pass.fingerprints, known.missing)) as batches:
            keys = image_stage(batches, len(probing.images), image_pass, known, progress)
        contents = RunContents(
            images=probing.images,
            layers=[Layer(layer, config.taps.pooling, _unit_names(target, layer)) for layer in layers],
            concepts=concepts,
            concept_sets=concept_sets,
            text_embeddings=own[1:],
            template=settings.template,
            template_embedding=own[0],
            alpha=settings.alpha,
            beta=settings.beta,
            target=target.name,
            vlm=vlm.name,
            other_templates=[
                OtherTemplate(template, rows[0], rows[1:]) for template, rows in zip(templates[1:], others, strict=True)
            ],
            captions=captions,
            caption_embeddings=embeddings[len(texts) :],
            methods=[StoredMethod(leaf.kind, leaf.options.model_dump(mode="json")) for leaf in config.methods],
            config=config.as_dict(),
            versions=_versions(),
            batch_keys=keys,
        )
        contents = replace(contents, stages=_stages(contents, vlm, config.methods))
        scores = method_stage(config, probing, target, device, contents, known, progress)
        if finished is not None and finished.stages == contents.stages:
            progress.note(f"{out} is up to date.")
        else:
            assembly_stage(out, replace(contents, method_scores=scores), known, progress)
    work_path(out).unlink(missing_ok=True)
    return out


def _concepts(config: RunConfig, reports: Sequence[str]) -> tuple[list[str], list[ConceptSet]]:
    """The concepts of all concept sets, each once, and which of them each set holds."""
    places: dict[str, int] = {}
    sets = []
    for leaf in config.concepts:
        try:
            concepts: list[str] = leaf.load(config.base, reports)
        except ConfigError as error:
            if len(config.concepts) == 1:
                raise
            raise ConfigError(f"{leaf.table}: {error}") from None
        if not concepts:
            raise ConfigError(f'{leaf.table}: the concept set of kind "{leaf.kind}" is empty.')
        members = tuple(places.setdefault(concept, len(places)) for concept in dict.fromkeys(concepts))
        sets.append(ConceptSet(leaf.name, leaf.kind, members))
    return list(places), sets


def _captions(config: RunConfig, reports: Sequence[str]) -> list[str]:
    """The sentences of reports that the methods ask for, each once."""
    asking = [leaf for leaf in config.methods if hasattr(leaf.module, "captions")]
    sentences = [text for leaf in asking for text in leaf.module.captions(leaf.options, config.base, reports)]
    return list(dict.fromkeys(sentences))


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


def _unit_names(target: TargetModel, layer: str) -> tuple[str, ...]:
    """The classes, for the layer whose units they are."""
    linear = [name for name, module in target.module.named_modules() if isinstance(module, nn.Linear)]
    return target.classes if layer in (LOGITS, *linear[-1:]) else ()


def _stages(contents: RunContents, vlm: VLM, methods: Sequence[Leaf]) -> dict[str, str]:
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
    computed = {
        METHOD_STAGE + leaf.kind: content_key(
            leaf.kind, leaf.module.VERSION, leaf.options.model_dump(mode="json"), *stages.values(), films
        )
        for leaf in methods
        if leaf.kind in COMPUTED
    }
    others = [other.template for other in contents.other_templates]
    named = [[method.name, dict(method.options)] for method in contents.methods]
    return {
        **stages,
        **computed,
        "evidence": content_key(others, list(contents.captions), named),
        "assembly": content_key(settings, films),
    }
