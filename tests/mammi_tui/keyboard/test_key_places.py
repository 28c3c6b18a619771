"""Every binding has an id, and works where `mammi keys` says."""

from __future__ import annotations

import re
from collections import Counter

from mammi_tui.key_places import chains, places

ID = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")


def test_every_binding_has_an_id_of_its_own_and_says_what_it_does() -> None:
    bindings = [binding for place in places() for binding in place.bindings]
    assert [binding for binding in bindings if not ID.fullmatch(binding.name)] == []
    assert [binding.name for binding in bindings if not binding.does] == []
    different = set(bindings)  # the keys that judge work in two places, and are chosen once for both
    assert [name for name, times in Counter(binding.name for binding in different).items() if times > 1] == []


def test_every_binding_is_in_force_somewhere() -> None:
    in_force = {binding.name for chain in chains() for node in chain.nodes for binding in node}
    assert {binding.name for place in places() for binding in place.bindings} <= in_force


def test_no_two_usual_keys_of_one_widget_are_the_same() -> None:
    for chain in chains():
        for node in chain.nodes:
            keys = Counter(key for binding in node for key in binding.keys)
            assert [key for key, times in keys.items() if times > 1] == []
