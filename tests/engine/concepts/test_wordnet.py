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
NOUNS = [["heart", "pump"], ["x-ray"], ["pleural_effusion"], ["Roentgen"], ["20/20"], ["i"], ["x"], ["pump", "heart"]]
NOUNS += [["heart", "bosom"]]
FILES = ("index.sense", "cntlist.rev", *(f"{part}.exc" for part in ("noun", "verb", "adj", "adv")))
FIRST = ["heart", "x-ray", "pleural effusion", "Roentgen", "20/20", "i", "x", "pump"]


@pytest.fixture
def nltk_data(tmp_path: Path) -> Path:
    """A folder of NLTK's data with a WordNet of nine noun synsets, one of verbs and one of adjectives (wndb(5WN),
    senseidx(5WN))."""
    folder = tmp_path / "nltk_data" / "corpora" / "wordnet"
    folder.mkdir(parents=True)
    for part, mark, synsets in [
        ("noun", "n", NOUNS),
        ("verb", "v", [["lung"]]),
        ("adj", "a", [["pleural"]]),
        ("adv", "r", []),
    ]:
        data, places = LICENCE, dict[str, list[str]]()
        for lemmas in synsets:
            offset = f"{len(data):08}"
            words = " ".join(f"{lemma} 0" for lemma in lemmas)
            data += f"{offset} 03 {mark} {len(lemmas):02x} {words} 000 | a gloss  \n"
            for lemma in lemmas:
                places.setdefault(lemma.lower(), []).append(offset)
        index = "".join(
            f"{lemma} {mark} {len(found)} 0 {len(found)} 0 {' '.join(found)}  \n"
            for lemma, found in sorted(places.items())
        )
        (folder / f"index.{part}").write_text(LICENCE + index)
        (folder / f"data.{part}").write_text(data)
    for name in FILES:
        (folder / name).write_text("")
    (folder / "lexnames").write_text("00\tadj.all\t3\n01\tadj.pert\t3\n02\tadv.all\t4\n03\tnoun.Tops\t1\n")
    return tmp_path / "nltk_data"


def nouns(base: Path, **options: object) -> list[str]:
    return load(Options.model_validate({"nltk_data": "nltk_data", **options}), base, [])


def test_by_default_the_nouns_are_the_first_lemma_of_each_synset(nltk_data: Path) -> None:
    assert nouns(nltk_data.parent) == FIRST


def test_synonyms_phrases_capitals_and_filters_are_optional(nltk_data: Path) -> None:
    assert nouns(nltk_data.parent, lemmas="all") == ["heart", "pump", *FIRST[1:-1], "bosom"]
    assert nouns(nltk_data.parent, phrases=False) == [noun for noun in FIRST if " " not in noun]
    assert nouns(nltk_data.parent, capitals=False) == [noun for noun in FIRST if noun.islower() or noun == "20/20"]
    filters = {"digits": True, "single_letters": True, "stop_words": True}
    assert nouns(nltk_data.parent, filters=filters) == ["heart", "x-ray", "pleural effusion", "Roentgen", "pump"]


def test_options_know_whether_the_nouns_are_wwws() -> None:
    assert Options(nltk_data=Path("anywhere")).as_published()
    for other in ({"lemmas": "all"}, {"phrases": False}, {"capitals": False}, {"filters": {"digits": True}}):
        assert not Options.model_validate(other).as_published()


@pytest.mark.filterwarnings("ignore:The multilingual functions")
def test_the_nouns_are_those_that_wwws_code_takes(nltk_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nltk.data.path", [str(nltk_data)])
    wordnet = WordNetCorpusReader(str(nltk_data / "corpora" / "wordnet"), None)
    published = [synset.lemma_names()[0].replace("_", " ") for synset in wordnet.all_synsets("n")]
    assert len(published) == len(NOUNS)
    assert nouns(nltk_data.parent) == list(dict.fromkeys(published))


def test_a_zip_from_nltks_downloader_is_read_too(nltk_data: Path) -> None:
    corpora = nltk_data / "corpora"
    with zipfile.ZipFile(corpora / "wordnet.zip", "w") as archive:
        archive.write(corpora / "wordnet" / "data.noun", "wordnet/data.noun")
    shutil.rmtree(corpora / "wordnet")
    assert "heart" in nouns(nltk_data.parent)
    (corpora / "wordnet.zip").write_bytes(b"no zip")
    with pytest.raises(
        MammiError, match=r"wordnet\.zip: data\.noun cannot be read .* Get it again with: python -m nltk"
    ):
        nouns(nltk_data.parent)


def test_identity_follows_the_synsets_and_the_options(nltk_data: Path) -> None:
    options = Options(nltk_data=Path("nltk_data"))
    first = identity(options, nltk_data.parent)
    assert first == identity(options, nltk_data.parent)
    assert first != identity(options.model_copy(update={"phrases": False}), nltk_data.parent)
    (nltk_data / "corpora" / "wordnet" / "data.noun").write_text(LICENCE + "00000000 03 n 01 liver 0 000 | a gloss  \n")
    assert first != identity(options, nltk_data.parent)


def test_missing_wordnet_names_the_command_that_gets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MammiError, match=r"python -m nltk\.downloader wordnet -d .*nltk_data"):
        nouns(tmp_path)
    monkeypatch.setattr("nltk.data.path", [])
    with pytest.raises(MammiError, match=r"WordNet is not on this machine.*python -m nltk\.downloader wordnet$"):
        nouns(tmp_path, nltk_data=None)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"heart\n",
        b"\x89PNG\n\0",
        b"00000000 03 v 01 lung 0 000\n",
        b"00000000 03 n 03 lung 0\n",
        b"00000000 03 n zz lung 0\n",
        b"00000000 03 n 00 000\n",
    ],
)
def test_a_damaged_file_is_one_clear_error(nltk_data: Path, content: bytes) -> None:
    (nltk_data / "corpora" / "wordnet" / "data.noun").write_bytes(content)
    with pytest.raises(MammiError, match=r"Get it again with: python -m nltk\.downloader wordnet"):
        nouns(nltk_data.parent)
