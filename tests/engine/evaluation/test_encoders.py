"""Text encoders from local folders, and the run's own VLM."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoTokenizer

from engine.errors import ConfigError, MammiError
from engine.evaluation.encoders import load_encoder
from engine.store.reader import RunReader
from engine.store.writer import assemble
from tests.support.runs import small_contents, small_run
from tests.support.sentence_files import write_bert, write_mpnet, write_parts
from tests.support.transformers_files import write_clip

TEXTS = [
    "effusion",
    "a chest x-ray image of a heart",
    "Nodule",
    " mass ",
    "lung lung lung lung lung lung lung lung lung heart",
]


@pytest.fixture
def reader(tmp_path: Path) -> RunReader:
    return RunReader(small_run(tmp_path))


def as_published(folder: Path, texts: list[str], pooling: str) -> np.ndarray:
    """What sentence-transformers computes: a padded batch, pooled over the texts' own tokens, normalised."""
    model = AutoModel.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    stripped = [text.strip() for text in texts]
    tokens = tokenizer(stripped, padding=True, truncation=True, max_length=12, return_tensors="pt")
    with torch.inference_mode():
        states = model(input_ids=tokens["input_ids"], attention_mask=tokens["attention_mask"]).last_hidden_state
    mask = tokens["attention_mask"][..., None].float()
    pooled = states[:, 0] if pooling == "cls" else (states * mask).sum(1) / mask.sum(1)
    return torch.nn.functional.normalize(pooled, dim=1).numpy()


def test_an_mpnet_sentence_encoder_gives_what_is_published(reader: RunReader, tmp_path: Path) -> None:
    folder = write_mpnet(tmp_path / "mpnet")
    encoder = load_encoder(f"mpnet={folder}", reader)
    assert encoder.name == "mpnet"
    np.testing.assert_allclose(encoder.encode(TEXTS), as_published(folder, TEXTS, "mean"), atol=1e-6)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_bert_sentence_encoder_pools_as_its_folder_says(reader: RunReader, tmp_path: Path, pooling: str) -> None:
    folder = write_bert(tmp_path / "bert", pooling)  # type: ignore[arg-type]
    encoder = load_encoder(f"bge={folder}", reader)
    np.testing.assert_allclose(encoder.encode(TEXTS), as_published(folder, TEXTS, pooling), atol=1e-6)


def test_a_text_is_encoded_alike_whatever_stands_beside_it(reader: RunReader, tmp_path: Path) -> None:
    encoder = load_encoder(f"mpnet={write_mpnet(tmp_path / 'mpnet')}", reader)
    np.testing.assert_allclose(encoder.encode(TEXTS)[:1], encoder.encode(TEXTS[:1]), atol=1e-6)


def test_weights_without_the_unused_pooler_do(reader: RunReader, tmp_path: Path) -> None:
    whole, bare = write_mpnet(tmp_path / "whole"), write_mpnet(tmp_path / "bare", pooler=False)
    weights = load_file(whole / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("pooler")}
    save_file(kept, bare / "model.safetensors")
    expected = load_encoder(f"a={whole}", reader).encode(TEXTS)
    np.testing.assert_array_equal(load_encoder(f"b={bare}", reader).encode(TEXTS), expected)


@pytest.mark.slow
def test_a_clip_is_recognised_by_its_folder(reader: RunReader, tmp_path: Path) -> None:
    folder = write_clip(tmp_path / "clip")
    vectors = load_encoder(f"clip={folder}", reader).encode(TEXTS[:3])
    assert vectors.shape == (3, 24)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_class_that_a_folder_names_is_run(reader: RunReader, tmp_path: Path) -> None:
    folder = write_mpnet(tmp_path / "mpnet")
    write_parts(folder, module="stolen.module")  # only the last name counts, and nothing is imported
    load_encoder(f"mpnet={folder}", reader)
    (folder / "modules.json").write_text(json.dumps([{"path": "", "type": "os.system"}]), "utf-8")
    with pytest.raises(MammiError, match=r"not a list of modules|asks for system"):
        load_encoder(f"mpnet={folder}", reader)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("modules.json", "{", "is not a list of modules"),
        ("modules.json", "[" * 100_000, "is not a list of modules"),
        ("modules.json", '"text"', "is not a list of modules"),
        ("1_Pooling/config.json", '{"pooling_mode_max_tokens": true}', "pools by"),
        ("1_Pooling/config.json", '{"pooling_mode_mean_tokens": true, "pooling_mode_cls_token": true}', "pools by"),
        ("1_Pooling/config.json", "[]", "not an object"),
        ("config_sentence_transformers.json", '{"default_prompt_name": "query"}', "a prompt before each text"),
        ("config.json", '{"model_type": "t5"}', "model_type 't5'"),
        ("model.safetensors", "damaged", "model.safetensors"),
        ("tokenizer.json", "{}", "no tokenizer that can be read"),
    ],
)
def test_damaged_folders_fail_with_one_line(
    reader: RunReader, tmp_path: Path, name: str, content: str, said: str
) -> None:
    folder = write_mpnet(tmp_path / "mpnet")
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(MammiError, match=said) as raised:
        load_encoder(f"mpnet={folder}", reader)
    assert str(raised.value).startswith("--encoder mpnet: ")
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("missing", ["modules.json", "1_Pooling/config.json", "config.json", "model.safetensors"])
def test_missing_files_are_named(reader: RunReader, tmp_path: Path, missing: str) -> None:
    folder = write_mpnet(tmp_path / "mpnet")
    (folder / missing).unlink()
    with pytest.raises(ConfigError, match=Path(missing).name):
        load_encoder(f"mpnet={folder}", reader)


def test_another_models_tokenizer_is_refused(reader: RunReader, tmp_path: Path) -> None:
    folder = write_bert(tmp_path / "bert")
    with (folder / "vocab.txt").open("a", encoding="utf-8") as vocabulary:
        vocabulary.write("one\ntwo\n")
    with pytest.raises(MammiError, match="another model's"):
        load_encoder(f"bert={folder}", reader)


def test_modules_that_are_not_computed_here_are_refused(reader: RunReader, tmp_path: Path) -> None:
    folder = write_mpnet(tmp_path / "mpnet")
    write_parts(folder, ("Transformer", "Pooling", "Dense", "Normalize"))
    with pytest.raises(MammiError, match="asks for Transformer, Pooling, Dense, Normalize"):
        load_encoder(f"mpnet={folder}", reader)


@pytest.mark.parametrize("asked", ["clip", "clip=", "=x", "a b=x", ""])
def test_anything_but_a_name_and_a_folder_is_refused(reader: RunReader, asked: str) -> None:
    with pytest.raises(ConfigError, match="write NAME=FOLDER"):
        load_encoder(asked, reader)


def with_vlm(folder: Path, vlm: object, identity: str = "") -> RunReader:
    contents, batches = small_contents()
    path = folder / "own.duckdb"
    assemble(path, replace(contents, config={"vlm": vlm}, stages={"vlm": identity}), batches)
    return RunReader(path)


@pytest.mark.slow
def test_the_runs_own_vlm_is_loaded_from_its_configuration(tmp_path: Path) -> None:
    from engine.vlms import transformers

    write_clip(tmp_path / "clip")
    plain = transformers.load_folder(tmp_path / "clip", "", torch.device("cpu"))
    table = {"kind": "transformers", "directory": "clip"}
    reader = with_vlm(tmp_path, table, plain.identity)
    np.testing.assert_allclose(
        load_encoder(f"vlm={tmp_path}", reader).encode(TEXTS[:2]), plain.encode_texts(TEXTS[:2]), atol=1e-6
    )
    with pytest.raises(ConfigError, match=r"Name the folder of the run's configuration: --encoder vlm=FOLDER"):
        load_encoder("vlm", reader)
    with pytest.raises(MammiError, match="leads to another VLM"):
        load_encoder(f"vlm={tmp_path}", with_vlm(tmp_path, table, "another"))


@pytest.mark.parametrize(
    ("vlm", "said"),
    [
        ({"kind": "precomputed", "images": "a.npy", "texts": "b.npy"}, "prompted concepts only"),
        ({"kind": "factory", "factory": "os:system"}, "code that the run file names, and code is not run"),
        ({"kind": "nonsense"}, "nonsense"),
        ({"kind": ["transformers"]}, "kind"),
        ({"kind": "transformers", "directory": 7}, "directory"),
        ("text", "names no VLM"),
        (None, "names no VLM"),
    ],
)
def test_a_vlm_that_cannot_encode_bare_names_is_refused(tmp_path: Path, vlm: object, said: str) -> None:
    with pytest.raises(MammiError, match=said):
        load_encoder("vlm", with_vlm(tmp_path, vlm))
