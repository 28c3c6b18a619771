"""A configuration's mistakes are told in one line that names file, key, value and what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config.settings import RunConfig, load_config
from engine.errors import ConfigError
from tests.support.models import tiny_project

PROBING_KINDS = (
    "chestx_det, chexpert, covid_cxr, csv, dicom, folder, mimic_cxr_jpg, nih14, parquet, phantom, webdataset"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return tiny_project(tmp_path, films=1)


def told(path: Path, *overrides: str) -> str:
    with pytest.raises(ConfigError) as raised:
        load_config(path, overrides)
    assert raised.value.exit_status == 2
    return str(raised.value).replace(str(path), "tiny.toml")


def edited(path: Path, old: str, new: str) -> Path:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return path


def test_a_whole_configuration(project: Path) -> None:
    config = load_config(project)
    assert config.base == project.parent
    assert config.run.batch_size == 4
    assert (config.run.alpha, config.run.beta) == (0.93, 0.95)
    assert config.run.template == "A chest x-ray image of a"
    assert config.taps.layers == ("first", "penultimate", "logits")
    assert config.target.kind == "factory"
    assert config.as_dict()["target"]["preprocessing"]["crop"] == 32


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "batch_size = 4",
            "batchsize = 4",
            "tiny.toml: run.batchsize = 4 is not a key of this configuration. Did you mean run.batch_size?",
        ),
        ("batch_size = 4", "batch_size = 0", "tiny.toml: run.batch_size = 0 is too small: the least is 1."),
        ("batch_size = 4", "batch_size = 4.5", "tiny.toml: run.batch_size = 4.5 is not a whole number."),
        ("batch_size = 4", 'batch_size = "4"', 'tiny.toml: run.batch_size = "4" is not a whole number.'),
        ("batch_size = 4", "alpha = 1.5", "tiny.toml: run.alpha = 1.5 is too large: the most is 1.0."),
        ("batch_size = 4", "beta = nan", "tiny.toml: run.beta = NaN is not a number."),
        ("batch_size = 4", "mixed_precision = 1", "tiny.toml: run.mixed_precision = 1 is neither true nor false."),
        (
            "batch_size = 4",
            'pooling = "max"',
            'tiny.toml: run.pooling = "max" is not a key of this configuration. Did you mean target.pooling?',
        ),
        (
            'device = "cpu"',
            'device = "gpu"',
            "tiny.toml: run.device = \"gpu\" is not one of 'auto', 'cpu', 'cuda' or 'mps'.",
        ),
        ('folder = "films"', "folder = 3", "tiny.toml: probing.folder = 3 is not text in quotes."),
        ('folder = "films"', "", "tiny.toml: probing.folder is missing."),
        (
            'folder = "films"',
            'folder = "films"\nfoo = 1',
            "tiny.toml: probing.foo = 1 is not a key of this configuration. Keys of [probing]: rename, attributes, "
            "storage, sample, sample_seed, folder, kind.",
        ),
        (
            'kind = "folder"',
            'kind = "foldr"',
            f"tiny.toml: probing.kind = \"foldr\" is not a kind: did you mean 'folder'? Kinds: {PROBING_KINDS}.",
        ),
        (
            'kind = "folder"',
            'kind = "folder"\nstorage = { secret = "hidden", anon = true }',
            'tiny.toml: probing.storage = {"secret": "…", "anon": true} is not right: secret is a secret, and a '
            "configuration and its run file keep none: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the "
            "environment, or name a profile.",
        ),
        ('kind = "folder"', "", f"tiny.toml: probing.kind is missing. Kinds: {PROBING_KINDS}."),
        (
            'layers = ["first", "penultimate", "logits"]',
            'layers = "logits"',
            'tiny.toml: target.layers = "logits" is not a list: write ["…", "…"].',
        ),
        ('layers = ["first", "penultimate", "logits"]', "layers = []", "tiny.toml: target.layers = [] is empty."),
        (
            'layers = ["first", "penultimate", "logits"]',
            "layers = [1]",
            "tiny.toml: target.layers.0 = 1 is not text in quotes.",
        ),
        (
            "crop = 32",
            "crop = 64",
            'tiny.toml: target.preprocessing = {"size": 32, "crop": 64, "channels": 1} is not right: crop = '
            "64 is larger than size = 32.",
        ),
        (
            "crop = 32",
            "corp = 32",
            "tiny.toml: target.preprocessing.corp = 32 is not a key of this configuration. Did you mean "
            "target.preprocessing.crop?",
        ),
        (
            "[concepts]",
            "[concept]",
            "tiny.toml: [concept] is not a table of this configuration. Did you mean [concepts]?",
        ),
        (
            "[run]",
            "runs = 1\n[run]",
            "tiny.toml: runs = 1 is not a key of this configuration. "
            "Tables: run, keep, workers, limits, probing, target, vlm, concepts, methods.",
        ),
        ("[vlm]", "[[vlm]]", "tiny.toml: vlm must be a table: write [vlm]."),
        (
            "batch_size = 4",
            "batch_size 4",
            "tiny.toml: is not valid TOML: Expected '=' after a key in a key/value pair (at line 5, column 12).",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(project: Path, old: str, new: str, message: str) -> None:
    assert told(edited(project, old, new)) == message


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("target.pooling=avg", "--set target.pooling = \"avg\" is not one of 'mean', 'max' or 'cls'."),
        (
            "target.poolng=max",
            '--set target.poolng = "max" is not a key of this configuration. Did you mean target.pooling?',
        ),
        ("run.alpha=high", '--set run.alpha = "high" is not a number.'),
        ("target.pooling", "--set target.pooling: write it as table.key=value, such as --set target.pooling=max."),
        ("pooling=max", "--set pooling=max: write it as table.key=value, such as --set target.pooling=max."),
        ("run.alpha.x=1", "--set run.alpha.x=1: run.alpha is not a table."),
    ],
)
def test_a_mistake_in_an_override_names_the_override(project: Path, override: str, message: str) -> None:
    edited(project, "batch_size = 4", "alpha = 0.5")
    assert told(project, override) == message


def test_overrides_are_toml_or_bare_words(project: Path) -> None:
    def overridden(*overrides: str) -> RunConfig:
        return load_config(project, overrides)

    assert overridden("target.pooling=max").taps.pooling == "max"
    assert overridden("run.alpha=0.5", "run.alpha = 1").run.alpha == 1.0
    assert overridden('target.layers=["logits"]').taps.layers == ("logits",)
    assert overridden("run.out=/somewhere/run one.duckdb").run.out == Path("/somewhere/run one.duckdb")
    assert overridden("run.template=A film of a").run.template == "A film of a"
    assert overridden("target.preprocessing.size=64").as_dict()["target"]["preprocessing"]["size"] == 64
    assert overridden("run.template=a\nbatch_size = 9").run.batch_size == 4


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert told(missing) == "tiny.toml: no such file."
    missing.write_bytes(b"\xff\xfe")
    assert told(missing) == "tiny.toml: is not text in UTF-8: line 1."
    assert told(tmp_path) == "tiny.toml: cannot be read: Is a directory."
