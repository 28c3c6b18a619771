"""Attributes of images, as a run file gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.errors import RunFileError
from engine.store.attributes import MOST_VALUES, Attribute
from engine.store.reader import RunReader
from tests.support.attributes import tell
from tests.support.runs import small_run


def test_values_become_members_and_numbers(tmp_path: Path) -> None:
    rows = [(0, "sex", "F"), (2, "sex", "M"), (0, "age", "61"), (3, "age", "18.5"), (1, "device", "none")]
    path = tell(small_run(tmp_path), [*rows, (2, "device", "tube"), (2, "device", "line"), (2, "odd", "\x1b[31m")])
    with RunReader(path) as reader:
        found = {each.name: each for each in reader.attributes()}
        assert list(found) == ["age", "device", "odd", "sex", "view"]
        assert found["sex"].values == ("F", "M")
        assert [np.flatnonzero(row).tolist() for row in found["sex"].members] == [[0], [2]]
        assert found["sex"].numbers is None
        assert np.flatnonzero(found["device"].known).tolist() == [1, 2]
        assert found["device"].values == ("line", "tube")
        assert found["device"].members[:, :3].tolist() == [[False, False, True]] * 2
        assert found["age"].numbers is not None
        assert found["age"].numbers[[0, 3]].tolist() == [61, 18.5]
        assert np.isnan(found["age"].numbers).sum() == 58
        assert [image.attributes for image in reader.images([2, 4])] == [
            (("sex", "M"), ("device", "tube"), ("device", "line"), ("odd", "\x1b[31m")),
            (),
        ]


def test_an_attribute_of_no_image_is_a_damaged_file(tmp_path: Path) -> None:
    for image in (-1, 60):
        folder = tmp_path / str(image)
        folder.mkdir()
        with RunReader(tell(small_run(folder), [(image, "sex", "F")])) as reader, pytest.raises(RunFileError):
            reader.attributes()


def test_many_values_do_not_fill_the_memory() -> None:
    count = 3 * MOST_VALUES
    texts = [f"value {number // 2}" if number < 20 else f"other {number}" for number in range(count)]
    told = Attribute.of("x", range(count), texts, count)
    assert len(told.values) == MOST_VALUES
    assert {f"value {number}" for number in range(10)} <= set(told.values)
    assert told.known.all()
    doses = Attribute.of("dose", range(count), [str(number / 7) for number in range(count)], count)
    assert doses.members.shape == (MOST_VALUES, count)
    assert doses.numbers is not None
    assert doses.numbers[7] == 1
