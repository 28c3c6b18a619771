"""What files hold is not computed again in another process."""

from __future__ import annotations

from engine.run.workers.held import Claims, SharedParts
from engine.store.parts import ImageKeys, PartKeys

PARTS = PartKeys("film", "input", {"layer": "layer"}, "embedding")
ALL = frozenset(("film", "input", "layer", "embedding"))


def test_an_image_lacks_what_no_file_holds_and_an_equal_one_after_it_nothing() -> None:
    held = SharedParts.of({"whole": ALL, "some": ["film", "embedding"], "named": ["embedding"]})
    claims = Claims(PARTS, held)
    assert claims.claim(ImageKeys("whole", "whole")) == frozenset()
    assert claims.claim(ImageKeys("some", "some")) == {"input", "layer"}
    assert claims.claim(ImageKeys("new", "new")) == ALL
    assert claims.claim(ImageKeys("new", "new")) == frozenset()
    assert claims.claim(ImageKeys("other", "named")) == ALL - {"embedding"}
    assert Claims(PARTS, held).claim(ImageKeys("new", "new")) == ALL


def test_an_image_that_is_set_aside_lacks_nothing() -> None:
    claims = Claims(PARTS, SharedParts.of({"its name": ALL}))
    assert claims.claim(ImageKeys("its film", "its name")) == frozenset()


def test_nothing_is_held_at_first() -> None:
    held = SharedParts.of({})
    assert held.parts("a") == frozenset()
    many = SharedParts.of({f"image {number}": ["film"] if number % 2 else ALL for number in range(1000)})
    assert many.parts("image 7") == {"film"}
    assert many.parts("image 8") == ALL
    assert many.parts("image 1000") == frozenset()
