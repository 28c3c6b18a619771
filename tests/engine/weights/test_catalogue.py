"""The catalogue itself, and finding out what a configuration needs of it."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

import pytest

from engine.config.needed import needed
from engine.errors import ConfigError
from engine.extras import EXTRAS
from engine.weights.catalogue import find, publisher_of
from engine.weights.entry import Entry
from engine.weights.published import CATALOGUE


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_entries_are_complete(entry: Entry) -> None:
    assert entry.what
    assert entry.source
    assert entry.page.startswith("https://")
    assert entry.names
    assert len(set(entry.names)) == len(entry.names)
    assert PurePosixPath(entry.name).name == entry.name
    for name in map(PurePosixPath, entry.names):
        assert not name.is_absolute()
        assert ".." not in name.parts
    for file in entry.files:
        assert file.url.startswith("https://")
        assert file.sha256 is None or re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert "githubusercontent.com" not in file.url or re.search("/[0-9a-f]{40}/", file.url), "not of one commit"
        assert "huggingface.co" not in file.url or re.search("/resolve/[0-9a-f]{40}/", file.url), "not of one commit"


def test_names_are_unique_and_the_nearest_is_told() -> None:
    assert len({entry.name for entry in CATALOGUE}) == len(CATALOGUE)
    with pytest.raises(ConfigError, match="Did you mean 'medclip-vit'"):
        find("medclip-vt")
    with pytest.raises(ConfigError, match="`mammi weights` lists"):
        find("resnet-9000 of mine")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("../weights/medclip-vit", "medclip-vit"),
        ("../weights/medclip-vit/pytorch_model.bin", "medclip-vit"),
        ("elsewhere/clip-imp-pretrained_128_6_after_4.pt", "cxr-repair"),
        ("elsewhere/pytorch_model.bin", None),
        ("my.pth", None),
        ("data/20k.txt", "clip-dissect-20k"),
        ("weights/mimic-nouns/nouns.txt", "mimic-nouns"),
        ("my/nouns.txt", None),
    ],
)
def test_publisher_is_found_by_folder_or_by_a_file_name_of_its_own(path: str, name: str | None) -> None:
    found = publisher_of(Path(path))
    assert (found.name if found else None) == name


def test_files_that_a_configuration_names(tmp_path: Path) -> None:
    config = tmp_path / "configs" / "run.toml"
    config.parent.mkdir()
    config.write_text(
        """
        [target]
        kind = "torchvision"
        name = "densenet121"
        weights = "../weights/densenet121-mocov2-nih14/densenet121_CXR_0.3M_mocov2.pth"
        [vlm]
        kind = "no such kind"
        [[concepts]]
        kind = "word_list"
        path = "nouns.txt"
        [[concepts]]
        kind = "reports"
        path = "reports"
        nltk_data = "nltk"
        [probing]
        kind = "nih14"
        folder = "films"
        split = "../weights/nih14-lists/train_official.txt"
        """
    )
    (config.parent / "nouns.txt").write_text("heart\n")
    files, unknown = needed(config)
    assert [(file.key, file.exists, file.entry.name if file.entry else None) for file in files] == [
        ("target.weights", False, "densenet121-mocov2-nih14"),
        ("concepts.path", True, None),
        ("concepts.path", False, None),
        ("concepts.nltk_data", False, None),
        ("probing.split", False, "nih14-lists"),
    ]
    assert files[0].folder == tmp_path / "configs" / ".." / "weights"
    assert len(unknown) == 1
    assert "vlm.kind = 'no such kind' is not a kind" in unknown[0]


def test_a_matrix_needs_its_encoders_and_what_its_run_needs(tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text('[concepts]\nkind = "word_list"\npath = "weights/mimic-nouns/nouns.txt"\n')
    config = tmp_path / "matrix.toml"
    config.write_text(
        '[matrix]\nrun = "run.toml"\n[matrix.encoders]\nclip = "weights/clip-vit-b-16"\nown = "encoder"\n'
        '[[concepts]]\nkind = "word_list"\npath = "words.txt"\n'
    )
    files, unknown = needed(config)
    assert [(file.key, file.entry.name if file.entry else None) for file in files] == [
        ("concepts.path", "mimic-nouns"),
        ("matrix.encoders.clip", "clip-vit-b-16"),
        ("matrix.encoders.own", None),
        ("concepts.path", None),
    ]
    assert unknown == []
    (tmp_path / "run.toml").unlink()
    assert next((file.key, file.exists) for file in needed(config)[0]) == ("matrix.run", False)


def test_package_that_is_missing_does_not_hide_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.vlms.KINDS", {"rare": "no_such_package.vlm"})
    monkeypatch.setitem(EXTRAS, "no_such_package", "rare")
    config = tmp_path / "run.toml"
    config.write_text('[vlm]\nkind = "rare"\nweights = "w.pt"\n[concepts]\nkind = "word_list"\npath = "nouns.txt"\n')
    files, unknown = needed(config)
    assert [file.key for file in files] == ["concepts.path"]
    assert "pip install 'mammi-explorer[rare]'" in unknown[0]
