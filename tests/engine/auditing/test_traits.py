"""Which traits of films are looked at."""

import numpy as np

from engine.auditing.traits import Traits
from engine.probing.base import NONE
from engine.store.attributes import Attribute


def attribute(name: str, *values: str | tuple[str, ...] | None) -> Attribute:
    """An attribute with a value, several values, or None for each film."""
    given = [value if isinstance(value, tuple) else (value,) for value in values]
    rows = [(image, value) for image, some in enumerate(given) for value in some if value is not None]
    return Attribute.of(name, [image for image, _ in rows], [value for _, value in rows], len(values))


def test_two_values_that_exclude_each_other_are_one_trait() -> None:
    found = Traits.of([attribute("sex", *["F"] * 30, *["M"] * 50, None)]).found
    assert [(each.name, each.opposite, each.films) for each in found] == [("sex F", "M", (30, 50))]
    assert found[0].known.sum() == 80


def test_films_without_any_device_are_known_to_lack_each() -> None:
    devices = [("tube", "wire")] * 20 + [("wire",)] * 25 + [(NONE,)] * 40
    found = Traits.of([attribute("device", *devices)]).found
    assert [(each.name, each.opposite, each.films) for each in found] == [
        ("device tube", "", (20, 65)),
        ("device wire", "", (45, 40)),
    ]


def test_numbers_are_split_in_the_middle_and_say_where() -> None:
    trait = Traits.of([attribute("age", *map(str, range(20, 80)), None)]).found[0]
    assert (trait.name, trait.opposite, trait.films) == ("age ≥ 50", "< 50", (30, 30))


def test_a_trait_of_too_few_films_is_left_out_and_told() -> None:
    found = Traits.of([attribute("site", *["A"] * 19, *["B"] * 60)])
    assert found.found == ()
    assert found.left_out == (("site A", "19 with it and 60 without; 20 films of each are needed"),)


def test_many_values_of_too_few_films_are_told_together() -> None:
    (told,) = Traits.of([attribute("site", *"ABCD", *["E"] * 60)]).left_out
    why = "5 of its values (A, B, C …) have too few films with them or without them; 20 of each are needed"
    assert told == ("site", why)


def test_an_attribute_of_many_values_is_looked_at_in_part_and_told() -> None:
    found = Traits.of([attribute("scanner", *[f"s{number:03}" for number in range(100) for _ in range(20)])])
    assert len(found.found) == 64
    assert ("scanner", "only its 64 most frequent values of 100 are looked at") in found.left_out


def test_nothing_recorded_is_nothing_looked_at() -> None:
    assert Traits.of([]) == Traits.of([]) or not Traits.of([]).found
    assert np.size(Traits.of([]).left_out) == 0
