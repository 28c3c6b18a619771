"""What a configuration names: the probing set, the models, the concepts and the captions, each loaded when needed.

A finished run file keeps a key of what each model, the concepts and the captions were made from (`sources`). If a key
is the same, what the file says is used and nothing is loaded. If only loading gives a key, the source is loaded.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from engine.config.leaves import Leaf
from engine.config.settings import RunConfig
from engine.errors import ConfigError
from engine.keys import content_key
from engine.methods import is_computed
from engine.probing.attribute_tables import with_attributes
from engine.probing.base import ProbingSet
from engine.probing.rename import Renamed
from engine.progress import Progress
from engine.run.class_labels import warn_of_classes, warn_of_spellings
from engine.run.importance_layers import named_layers
from engine.run.notes import Notes, about
from engine.run.sources import captions_key, concepts_key, load_concepts
from engine.run.versions import package_version
from engine.store.contents import ConceptSet, Layer
from engine.store.finished import FinishedRun
from engine.targets.base import check_target
from engine.targets.preprocessing import Preprocessing
from engine.vlms.base import VLM, check_vlm

if TYPE_CHECKING:
    import torch

    from engine.targets.base import TargetModel
    from engine.targets.head import LastPart
    from engine.targets.outputs import Reading

log = logging.getLogger(__name__)

TARGET, VLM_SOURCE, CONCEPTS, CAPTIONS = "target", "vlm", "concepts", "captions"
"""The names of the sources in a run file"""


class Models(Protocol):
    """The models of a run, each loaded when first asked for."""

    @property
    def device(self) -> torch.device: ...
    @property
    def target(self) -> TargetModel: ...
    @property
    def readings(self) -> Mapping[str, Reading]: ...
    @property
    def last_part(self) -> LastPart: ...
    @property
    def vlm(self) -> VLM: ...


class RunInputs:
    """The inputs of a run. Each attribute is loaded or looked up when first asked for.

    Raises MammiError when an input cannot be loaded, and ConfigError when it is empty.
    """

    def __init__(self, config: RunConfig, finished: FinishedRun | None, notes: Notes) -> None:
        self._config = config
        self._finished = finished
        self._notes = notes
        self._own_films: dict[str, ProbingSet | None] = {}

    def load(self, progress: Progress) -> None:
        """Loads the inputs that the finished run file cannot give, so that a mistake in them is found before anything
        is computed.

        Also raises ConfigError when a method cannot work with the images and layers, [keep] importance names none of
        the layers, or the target model cannot show its view though `run.parity` asks for it.
        """
        progress.stage("loading", 4)
        _ = self.probing
        progress.advance(1)
        layers = self.layers
        if self._config.run.parity == "published":
            from engine.run.parity import viewing

            viewing(self.target)
        progress.advance(1)
        _ = self.vlm_name
        progress.advance(1)
        _ = self.concepts, self.captions
        progress.advance(1)
        named_layers(self._config.keep.importance, layers)
        warn_of_spellings(self.probing.images)
        warn_of_classes(layers, self.probing.images)
        for leaf in self._config.methods:
            if is_computed(leaf.kind):
                leaf.module.check(leaf.options, self.probing.images, layers)
                self.own_films(leaf)

    @cached_property
    def device(self) -> torch.device:
        from engine.device import choose_device

        return choose_device(self._config.run.device)

    @cached_property
    def probing(self) -> ProbingSet:
        probing: ProbingSet = self._config.probing.load(self._config.base)
        if not probing.images:
            raise ConfigError(f'probing: the probing set of kind "{self._config.probing.kind}" is empty.')
        labels = self._config.labels
        probing = with_attributes(probing, labels.attributes, self._config.probing.options, self._config.base)
        return Renamed(probing, labels.rename) if labels.rename else probing

    def own_films(self, leaf: Leaf) -> ProbingSet | None:
        """The films that a computed method names beside the run's; None if it names none."""
        if leaf.kind not in self._own_films:
            module, base = leaf.module, self._config.base
            self._own_films[leaf.kind] = module.own_films(leaf.options, base) if hasattr(module, "own_films") else None
        return self._own_films[leaf.kind]

    @cached_property
    def target(self) -> TargetModel:
        _ = self.device
        with about(TARGET):
            target: TargetModel = self._config.target.load(self._config.base)
            check_target(target, "target")
        return target

    @cached_property
    def vlm(self) -> VLM:
        _ = self.device
        with about(VLM_SOURCE):
            vlm: VLM = self._config.vlm.load(self._config.base, self.device)
            check_vlm(vlm, "vlm")
        return vlm

    @cached_property
    def target_identity(self) -> str:
        return self._own_target_identity or self.target.identity

    @cached_property
    def view_identity(self) -> str:
        """The identity of the target model's view of a film: that of the model, or of its preprocessing where that is
        known to decide alone."""
        preprocessing = getattr(self._config.target.options, "preprocessing", None)
        if self._own_target_identity is None or not isinstance(preprocessing, Preprocessing):
            return self.target_identity
        return content_key("view", preprocessing.of_view)

    @cached_property
    def vlm_identity(self) -> str:
        return self._own_vlm_identity or self.vlm.identity

    @cached_property
    def by_name(self) -> bool:
        """Whether an image's embedding depends on its name. True if a user's own VLM does not say."""
        if self._own_vlm_identity is None:
            return getattr(self.vlm, "by_name", True)
        return getattr(self._config.vlm.module, "BY_NAME", False)

    @cached_property
    def _own_target_identity(self) -> str | None:
        """The identity of the target model, where its kind gives it without loading."""
        return self._config.target.identity(self._config.base)

    @cached_property
    def _own_vlm_identity(self) -> str | None:
        """The identity of the VLM; None if its kind gives it only by loading."""
        return self._config.vlm.identity(self._config.base)

    @property
    def sources(self) -> dict[str, str]:
        """The name of each source -> a key of its description."""
        keys = {name: self._source(name) for name in (TARGET, VLM_SOURCE, CONCEPTS, CAPTIONS)}
        return {name: key for name, key in keys.items() if key is not None}

    def _source(self, name: str) -> str | None:
        """A key of what determines the source; None if only loading the source gives one.

        The key includes the version of mammi: another version may read the same files differently.
        """
        config = self._config
        described: str | None
        if name == TARGET:
            own, taps = self._own_target_identity, config.taps
            described = own and content_key(own, config.target.as_dict(), taps.layers, taps.pooling, taps.output)
        elif name == VLM_SOURCE:
            described = self._own_vlm_identity and content_key(self._own_vlm_identity, config.vlm.as_dict())
        elif name == CONCEPTS:
            described = concepts_key(config.concepts, config.base, self.probing.images)
        else:
            described = captions_key(self._asking, config.base, self.probing.images)
        return described and content_key(package_version("mammi-explorer"), described)

    def _as_in_file(self, source: str) -> FinishedRun | None:
        """The finished run if it was made from the same source, else None."""
        finished = self._finished
        if finished is None or source not in finished.sources or finished.sources[source] != self._source(source):
            return None
        self._notes.add(tuple(note for note in finished.reader.notes if note.source == source))
        return finished

    @cached_property
    def target_name(self) -> str:
        finished = self._as_in_file(TARGET)
        return finished.reader.info.target if finished else self.target.name

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The tapped layers. Warns of those whose activations are not those of a trained model."""
        layers = self._layers()
        for reason in dict.fromkeys(layer.untrained for layer in layers if layer.untrained):
            names = ", ".join(layer.name for layer in layers if layer.untrained == reason)
            log.warning("target: the units of %s are random: %s. Their annotations mean nothing.", names, reason)
        return layers

    def _layers(self) -> tuple[Layer, ...]:
        pooling = self._config.taps.pooling
        finished = self._as_in_file(TARGET)
        if finished:
            layers = finished.reader.layers
            return tuple(Layer(layer.name, pooling, layer.unit_names, layer.untrained) for layer in layers)
        from engine.run.layers import tapped_layers

        return tapped_layers(self.target, self._config.taps)

    @cached_property
    def readings(self) -> Mapping[str, Reading]:
        """How to take a tensor from each layer's output. The target model is then on its device, in evaluation mode."""
        from engine.run.layers import read_layers

        return read_layers(self._config, self.target, self.layers, self.probing, self.device)

    @cached_property
    def last_part(self) -> LastPart:
        """How the target model comes to its outputs. It is then on its device, in evaluation mode."""
        from engine.run.layers import read_last_part

        return read_last_part(self._config, self.target, self.layers, self.readings, self.probing, self.device)

    def look_at_target(self, progress: Progress) -> None:
        """Passes one film through the target model. Tells which of several outputs is taken, if the run chose it."""
        for layer, reading in self.readings.items():
            if reading.entry and self._config.taps.output is None:
                progress.note(f'target: {layer} is "{reading.entry}" of the model\'s outputs (key target.output).')

    @property
    def layer_facts(self) -> list[list[Any]]:
        """The name, pooling and unit names of each layer, as JSON types, for use in keys."""
        return [[layer.name, layer.pooling, layer.unit_names] for layer in self.layers]

    @cached_property
    def vlm_name(self) -> str:
        finished = self._as_in_file(VLM_SOURCE)
        return finished.reader.info.vlm if finished else self.vlm.name

    @property
    def concepts(self) -> tuple[str, ...]:
        """The concepts of all concept sets, each once."""
        return self._concepts[0]

    @property
    def concept_sets(self) -> tuple[ConceptSet, ...]:
        return self._concepts[1]

    @cached_property
    def captions(self) -> tuple[str, ...]:
        """The sentences of reports that the methods ask for, each once."""
        finished = self._as_in_file(CAPTIONS)
        if finished:
            return finished.reader.captions
        with about(CAPTIONS):
            lists = [leaf.module.captions(leaf.options, self._config.base, self._reports) for leaf in self._asking]
        return tuple(dict.fromkeys(text for captions in lists for text in captions))

    @property
    def _asking(self) -> list[Leaf]:
        """The methods that ask for captions."""
        return [leaf for leaf in self._config.methods if hasattr(leaf.module, "captions")]

    @property
    def _reports(self) -> list[str]:
        return [image.report for image in self.probing.images if image.report]

    @cached_property
    def _concepts(self) -> tuple[tuple[str, ...], tuple[ConceptSet, ...]]:
        finished = self._as_in_file(CONCEPTS)
        if finished:
            return finished.reader.concepts, finished.reader.concept_sets
        with about(CONCEPTS):
            return load_concepts(self._config.concepts, self._config.base, self._reports)
