"""Files of weights that crashed, filled or kept busy whoever read them, and those that lie: one line each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from engine import limits
from engine.errors import MammiError
from engine.limits import hold
from engine.weights import checkpoint
from engine.weights.checkpoint import read_weights
from tests.support.hostile_archives import odd_safetensors, odd_zips
from tests.support.hostile_pickles import WEIGHTS, dictionary, pickles, plain, zipped

SOUND = {"fc.weight": torch.arange(6.0).reshape(2, 3), "fc.bias": torch.arange(3.0)}
READ = (
    "deep tuples as a key",
    "deep tuples in a set",
    "a frozen set of deep tuples",
    "doubled tuples as a key",
    "doubled tuples as a key of an ordered dictionary",
    "states, deep",
    "a call of os.system",
)
"""What stands beside weights that are read all the same"""
REFUSED = {
    "modules that double 60 times": "holds more than 100,000 others, or itself",
    "a tensor of the type torch.quint8": r"a kind that is not read \(quint8\)",
    "a stride of 0 over 10**12 numbers": "a tensor is larger than its part of the file",
    "an offset beyond the memory": "a tensor is larger than its part of the file",
    "a thousand axes": "the shape of a tensor is none",
    "beside weights: an array of 3 GB": "is damaged",
}
ZIPS = {
    "a member over another": "is damaged",
    "a wrong sum": "the sum of a part is wrong",
    "each member twice": "it holds a name twice",
    "a bomb": "it was packed again",
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limits, "_held", None)
    yield tmp_path / "x.pth"
    assert [file.name for file in tmp_path.iterdir()] == ["x.pth"], "what the file names was run"


@pytest.mark.slow
@pytest.mark.parametrize("form", [zipped, plain])
def test_weights_beside_what_crashed_are_read(form: object, path: Path) -> None:
    known = dict(pickles())
    for what in READ[:: 1 if form is zipped else 3]:
        path.write_bytes(form(known[f"beside weights: {what}"]))  # type: ignore[operator]
        found = read_weights(path, "target.weights")
        assert all(torch.equal(found[name], value) for name, value in SOUND.items()), what


@pytest.mark.slow
def test_what_is_no_sound_file_is_told(path: Path) -> None:
    known, zips = dict(pickles()), dict(odd_zips())
    cases = [(zipped(known[what]), told) for what, told in REFUSED.items()]
    for content, told in [*cases, *((zips[what], told) for what, told in ZIPS.items())]:
        path.write_bytes(content)
        with pytest.raises(MammiError, match=told) as raised:
            read_weights(path, "target.weights")
        assert len(str(raised.value).splitlines()) == 1


def test_safetensors_that_lie_are_told(path: Path) -> None:
    for what, content in odd_safetensors():
        path.write_bytes(content)
        try:
            read_weights(path, "target.weights")
        except MammiError as error:
            assert len(str(error)) < 1000, what  # noqa: PT017 (some are read)


@pytest.mark.parametrize(
    ("given", "value", "told"),
    [
        ({"weights_seconds": 0.1}, b"N0" * 5_000_000 + b"N", r"takes longer than limits\.weights_seconds = 0\.1"),
        ({"weights_mb": 64}, b"]" * 2_000_000, r"takes more memory than limits\.weights_mb = 64"),
    ],
)
def test_a_file_that_takes_too_much_names_the_limit(
    path: Path, given: dict[str, float], value: bytes, told: str
) -> None:
    path.write_bytes(zipped(dictionary(model=dictionary(**WEIGHTS), extra=value)))
    hold(**given)
    with pytest.raises(MammiError, match=told):
        read_weights(path, "target.weights")


def test_safetensors_name_no_more_tensors_than_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million of them, in a file of 60 MB, took half a minute."""
    monkeypatch.setattr(checkpoint, "MOST_TENSORS", 9)
    path = tmp_path / "x.safetensors"
    for count in (9, 10):
        save_file({f"n{each}": torch.zeros(1) for each in range(count)}, path)
        if count == 9:
            assert len(read_weights(path, "vlm.weights")) == count
    with pytest.raises(MammiError, match=r"^vlm\.weights: .*x\.safetensors cannot be read: it names more than 9 ten"):
        read_weights(path, "vlm.weights")
