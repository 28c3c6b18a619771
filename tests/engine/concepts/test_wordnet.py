"""WordNet's nouns, from a small database in the layout of NLTK's package."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest
from nltk.corpus.reader.wordnet import WordNetCorpusReader

from engine.concepts.wordnet import Options, identity, load
from engine.errors import MammiError

LICENCE = "  1 This software and database is being provided to you.  \n  2 WordNet 3.0 Copyright 2006.  \n"
NOUNS = ["heart", "20/20", "x-ray", "lung", "pleural_effusion", "i", "x", "self"]
FILES = ("index.sense", "cntlist.rev", *(f"{part}.exc" for part in ("noun", "verb", "adj", "adv")))


@pytest.fixture
def nltk_data(tmp_path: Path) -> Path:
    """A folder of NLTK's data with a WordNet of eight nouns, a verb and an adjective (wndb(5WN), senseidx(5WN))."""
    folder = tmp_path / "nltk_data" / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    for part, mark, lemmas in [
        ("noun", "n", NOUNS),
        ("verb", "v", ["lung"]),
        ("adj", "a", ["pleural"]),
        ("adv", "r", []),
    ]:
        index, data = LICENCE, LICENCE
        for lemma in sorted(lemmas):
            offset = len(data)
            index += f"{lemma} {mark} 1 0 1 0 {offset:08}  \n"
            data += f"{offset:08} 03 {mark} 01 {lemma} 0 000 | a gloss  \n"
        (folder / f"index.{part}").write_text(index)
        (folder / f"data.{part}").write_text(data)
    for name in FILES:
        (folder / name).write_text("")
    (folder / "lexnames").write_text("00\tadj.all\t3\n01\tadj.pert\t3\n02\tadv.all\t4\n03\tnoun.Tops\t1\n")
    return tmp_path / "nltk_data"


def nouns(base: Path, **options: object) -> list[str]:
    return load(Options.model_validate({"nltk_data": "nltk_data", **options}), base, [])


def test_nouns_are_sorted_and_filtered_and_phrases_are_optional(nltk_data: Path) -> None:
    assert nouns(nltk_data.parent) == ["heart", "lung", "self", "x-ray"]
    assert nouns(nltk_data.parent, phrases=True) == ["heart", "lung", "pleural effusion", "self", "x-ray"]
    filters = {"digits": False, "single_letters": False, "stop_words": False}
    assert nouns(nltk_data.parent, filters=filters) == ["20/20", "heart", "i", "lung", "self", "x", "x-ray"]


@pytest.mark.filterwarnings("ignore:The multilingual functions")
def test_the_nouns_are_those_that_nltks_own_reader_finds(nltk_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nltk.data.path", [str(nltk_data)])
    reader = WordNetCorpusReader(str(nltk_data / "corpora" / "wordnet"), None)
    found = {lemma.replace("_", " ") for lemma in reader.all_lemma_names(pos="n")}
    filters = dict.fromkeys(("digits", "single_letters", "stop_words", "deidentified"), False)
    assert set(nouns(nltk_data.parent, phrases=True, filters=filters)) == found


def test_a_zip_from_nltks_downloader_is_read_too(nltk_data: Path) -> None:
    corpora = nltk_data / "corpora"
    with zipfile.ZipFile(corpora / "wordnet.zip", "w") as archive:
        archive.write(corpora / "wordnet" / "index.noun", "wordnet/index.noun")
    shutil.rmtree(corpora / "wordnet")
    assert "heart" in nouns(nltk_data.parent)
    (corpora / "wordnet.zip").write_bytes(b"no zip")
    with pytest.raises(
        MammiError, match=r"wordnet\.zip: index\.noun cannot be read .* Get it again with: python -m nltk"
    ):
        nouns(nltk_data.parent)


def test_identity_follows_the_index_and_the_options(nltk_data: Path) -> None:
    options = Options(nltk_data=Path("nltk_data"))
    first = identity(options, nltk_data.parent)
    assert first == identity(options, nltk_data.parent)
    assert first != identity(options.model_copy(update={"phrases": True}), nltk_data.parent)
    (nltk_data / "corpora" / "wordnet" / "index.noun").write_text(LICENCE + "liver n 1 0 1 0 00000000  \n")
    assert first != identity(options, nltk_data.parent)


def test_missing_wordnet_names_the_command_that_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MammiError, match=r"python -m nltk\.downloader wordnet -d .*nltk_data"):
        nouns(tmp_path)
    monkeypatch.setattr("nltk.data.path", [])
    with pytest.raises(MammiError, match=r"WordNet is not on this machine.*python -m nltk\.downloader wordnet$"):
        nouns(tmp_path, nltk_data=None)


@pytest.mark.parametrize("content", [b"", b"\xff", b"heart v 1\n", b"heart\n", b"\x89PNG\n\0"])
def test_damaged_index_is_one_clear_error(nltk_data: Path, content: bytes) -> None:
    (nltk_data / "corpora" / "wordnet" / "index.noun").write_bytes(content)
    with pytest.raises(MammiError, match=r"Get it again with: python -m nltk\.downloader wordnet"):
        nouns(nltk_data.parent)
