"""Which images get pairs, what is measured of them, and what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine.config.settings import RunConfig, load_config
from engine.counterfactual.asked import asked_changes
from engine.counterfactual.audit import PairsAudit, audit_with_pairs
from engine.counterfactual.base import Shown
from engine.counterfactual.edited import PastedMarker
from engine.counterfactual.effects import Effects, effects_of
from engine.counterfactual.passing import Pairs, plan
from engine.errors import ConfigError
from engine.probing.base import Box, Image
from engine.probing.phantom.probing_set import PhantomSet
from engine.progress import Silent
from tests.support.models import tiny_project


def phantom_config(folder: Path, count: int = 60) -> RunConfig:
    """The tiny target model on phantoms."""
    project = tiny_project(folder, films=0)
    text = project.read_text().replace('kind = "folder"\nfolder = "films"', f'kind = "phantom"\ncount = {count}')
    project.write_text(text)
    return load_config(project)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> RunConfig:
    return phantom_config(tmp_path_factory.mktemp("phantoms"))


@pytest.fixture(scope="module")
def phantoms(config: RunConfig) -> PhantomSet:
    loaded: PhantomSet = config.probing.load(config.base)
    return loaded


@pytest.fixture(scope="module")
def audit(config: RunConfig) -> PairsAudit:
    return audit_with_pairs(config, "marker:letter,age,exposure", 6, 0, Silent())


def found(audit: PairsAudit, name: str) -> Effects:
    (each,) = [each for each in audit.found if each.name == name]
    assert each.outputs is not None
    return each.outputs.effects


def test_each_kind_has_its_pairs_and_effects(audit: PairsAudit) -> None:
    assert [each.name for each in audit.found] == ["marker:letter", "age", "exposure"]
    assert [each.pairs for each in audit.found] == [6, 6, 6]
    assert [each.differing for each in audit.found] == [6, 0, 6]
    assert audit.classes == ("effusion", "mass", "hernia")
    for each in audit.found:
        assert set(each.layers) == {"first", "penultimate", "logits"}
        assert each.layers["first"].median.shape == (4,)
    assert audit.films == 6


def test_what_does_not_show_changes_nothing_and_what_does_changes_much(audit: PairsAudit) -> None:
    assert not found(audit, "age").median.any()
    assert (found(audit, "age").q == 1).all()
    assert abs(found(audit, "exposure").median).max() > abs(found(audit, "marker:letter").median).max()
    exposed = next(each for each in audit.found if each.name == "exposure").layers["first"]
    assert exposed.large.any()
    assert exposed.agreeing[exposed.order[0]] == 1.0
    assert exposed.p.min() == pytest.approx(2 / 2**6)


def test_the_layer_of_outputs_changes_as_the_outputs_do(audit: PairsAudit) -> None:
    each = audit.found[0]
    assert each.outputs is not None
    np.testing.assert_array_equal(each.layers["logits"].median, each.outputs.effects.median)


def test_the_batch_size_and_the_other_kinds_change_nothing(config: RunConfig, audit: PairsAudit) -> None:
    alone = load_config(config.path, ["run.batch_size=1"])
    again = audit_with_pairs(alone, "marker:letter", 6, 0, Silent())
    np.testing.assert_allclose(found(again, "marker:letter").median, found(audit, "marker:letter").median, atol=1e-4)


@dataclass(frozen=True)
class Odd:
    """A change of images whose names end in an odd digit."""

    name: str = "odd"
    states: tuple[str, str] = ("even", "odd")
    limits: str = ""

    def applies(self, image: Image) -> bool:
        return int(image.path) % 2 == 1

    def pair(self, image: Image, shown: Shown) -> tuple[int, int]:
        raise AssertionError("no film is read for a plan")


def images(patients: Sequence[str | None]) -> list[Image]:
    return [Image(str(number), patient) for number, patient in enumerate(patients)]


def test_a_patient_gives_one_pair() -> None:
    several = images([f"P{number // 4}" for number in range(80)])
    planned = plan(several, [Odd()], 50, 0)
    paired = [place for place in planned.images if planned.changes[place]]
    assert len({several[place].patient for place in planned.images}) == len(planned.images) == 20
    assert all(place % 2 for place in paired)
    unknown = plan(images([None] * 80), [Odd()], 50, 0)
    assert sum(bool(changes) for changes in unknown.changes.values()) == 40


def test_too_few_pairs_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"--pairs odd: 5 of 10 images .* 6 are needed"):
        plan(images([None] * 10), [Odd()], 50, 0)


def test_a_kind_alone_is_all_of_its_values(config: RunConfig, phantoms: PhantomSet) -> None:
    names = [change.name for change in asked_changes("marker, device:CHEST_TUBE ,view", config, phantoms, 0)]
    assert names == ["marker:letter", "marker:side", "marker:word", "device:chest tube", "view"]
    assert len(asked_changes("finding,finding:Mass", config, phantoms, 0)) == 14
    assert [change.name for change in asked_changes("inpaint:effusion", config, phantoms, 0)] == [
        "inpaint:Effusion",
        "inpaint-elsewhere:Effusion",
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("", "a name is missing"),
        ("device,,view", "a name is missing"),
        ("devices", "no such pairs. There are: device, finding"),
        ("device:chest drain", "device:chest tube."),
        ("view:AP", "view has no values. Write view alone."),
        ("inpaint:Lung", "no such pairs here"),
    ],
)
def test_pairs_that_there_are_not_are_told(config: RunConfig, phantoms: PhantomSet, asked: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        asked_changes(asked, config, phantoms, 0)
    assert said in str(error.value)


def test_real_films_have_no_pairs_but_edits(tmp_path: Path) -> None:
    config = load_config(tiny_project(tmp_path, films=1))
    folder = config.probing.load(config.base)
    with pytest.raises(ConfigError, match=r"only phantoms give such pairs.*inpaint, blur-outside, paste"):
        asked_changes("device", config, folder, 0)
    with pytest.raises(ConfigError, match="no film of the probing set has a labelled box"):
        asked_changes("inpaint", config, folder, 0)


def test_painting_elsewhere_leaves_the_finding(config: RunConfig, phantoms: PhantomSet) -> None:
    one_sided = Box("Mass", 40, 60, 30, 30)
    image = Image("x", boxes=(one_sided, Box("Mass", 200, 100, 20, 20)))
    film = np.random.default_rng(0).integers(0, 255, (256, 256), dtype=np.uint8)
    there, elsewhere = asked_changes("inpaint:Mass", config, phantoms, 0)
    object.__setattr__(there, "read", lambda _: film)
    object.__setattr__(elsewhere, "read", lambda _: film)
    for change, changed in ((there, True), (elsewhere, False)):
        shown = Shown()
        first, second = (shown.films[place] for place in change.pair(image, shown))
        np.testing.assert_array_equal(second, film)
        assert bool((first != film)[60:90, 40:70].any()) is changed
        assert (first != film).any()
        assert change.limits


def test_pairs_of_equal_films_are_left_out() -> None:
    pairs = Pairs(PastedMarker(lambda _: np.zeros((2, 2), np.uint8), 0), differing=[0.0] * 8 + [0.5] * 7)
    for number in range(15):
        pairs.first.add({"l": np.zeros((1, 2), np.float32)}, 0)
        pairs.second.add({"l": np.full((1, 2), float(number >= 8), np.float32)}, 0)
    (each,) = effects_of([pairs], {"l": np.array([[0, 0], [2, 2]], np.float32)}, "sigmoid")
    assert (each.pairs, each.differing, each.share) == (15, 7, 0.5)
    assert each.layers["l"].median.tolist() == [1.0, 1.0]
    assert each.layers["l"].large.all()
    assert each.needed == 7
