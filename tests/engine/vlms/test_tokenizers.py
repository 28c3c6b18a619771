"""Tokenizers from outside, whose files bring regular expressions and replacements of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from engine.errors import MammiError

pytest.importorskip("transformers", reason="transformers is not installed: it belongs to the extra vlms")
implementations = pytest.importorskip("tokenizers.implementations.bert_wordpiece")

from engine.vlms.models.bert import encode_by_length, load_tokenizer  # noqa: E402 (needs transformers)

TOKENS = ("[UNK]", "[CLS]", "[SEP]", "a", "##a")


def cut(folder: Path, text: str, **parts: Any) -> list[list[float]]:
    """Cuts a text by the tokenizer whose parts are these, and gives its tokens as a vector."""
    made = implementations.BertWordPieceTokenizer({token: place for place, token in enumerate(TOKENS)})
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(made.to_str()) | parts))
    tokenizer = load_tokenizer(folder, "vlm.text_encoder", len(TOKENS), 8)
    return encode_by_length([text], tokenizer, 3, torch.device("cpu"), lambda ids: ids[:, :3].float()).tolist()


def replace(pattern: dict[str, str], content: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def test_a_regular_expression_that_would_take_long_ends_in_one_line(tmp_path: Path) -> None:
    assert len(cut(tmp_path, "a a")) == 1
    endless = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
    with pytest.raises(MammiError, match="tokenizer cannot cut the texts: it is damaged, or made to take long"):
        cut(tmp_path, "a" * 40 + "!", pre_tokenizer=endless)


def test_parts_that_make_a_text_far_longer_are_refused(tmp_path: Path) -> None:
    doubling = [replace({"String": "a"}, "aa")] * 30
    nested = {"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers": doubling}]}
    for normalizer in (nested, {"type": "Prepend", "prepend": "a" * 2000}, replace({"Regex": "."}, "a" * 2000)):
        with pytest.raises(MammiError, match=r"tokenizer\.json makes texts more than 1,000 times as long"):
            cut(tmp_path, "a", normalizer=normalizer)
    assert len(cut(tmp_path, "a", normalizer=replace({"String": " "}, "\u2581"))) == 1
