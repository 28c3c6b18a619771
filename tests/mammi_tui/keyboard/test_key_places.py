"""Every binding has an id, and works where `mammi keys` says."""

from __future__ import annotations

import re
from collections import Counter

from mammi_tui.key_places import chains, places

ID = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def test_every_binding_has_an_id_and_says_what_it_does() -> None:
    bindings = [binding for place in places() for binding in place.bindings]
    assert [binding for binding in bindings if not ID.fullmatch(binding.name)] == []
    assert [binding.name for binding in bindings if not binding.does] == []


def test_an_id_means_the_same_wherever_it_works() -> None:
    bindings = {(binding.name, binding.keys, binding.does) for place in places() for binding in place.bindings}
    names = Counter(name for name, _, _ in bindings)
    assert [name for name, times in names.items() if times > 1] == []
    for place in places():
        assert len({binding.name for binding in place.bindings}) == len(place.bindings)


def test_every_binding_is_in_force_somewhere() -> None:
    in_force = {binding.name for chain in chains() for node in chain.nodes for binding in node}
    assert {binding.name for place in places() for binding in place.bindings} <= in_force


def test_no_two_usual_keys_of_one_widget_are_the_same() -> None:
    for chain in chains():
        for node in chain.nodes:
            keys = Counter(key for binding in node for key in binding.keys)
            assert [key for key, times in keys.items() if times > 1] == []
