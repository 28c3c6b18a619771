"""Films and tables in a bucket, of a server of moto on loopback: they are what they are in a folder."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.config.settings import load_config
from engine.errors import ConfigError, MammiError
from engine.methods.own_films import OwnFilms
from engine.probing.film_set import FilmSet
from engine.probing.remote import access
from engine.progress import Silent
from engine.run.pipeline import run
from engine.store.reader import RunReader
from tests.support.films import paths, write_films, write_table
from tests.support.models import tiny_project
from tests.support.published import SAMPLES
from tests.support.tars import film, tar

pytest.importorskip("s3fs", reason="s3fs is not installed: it belongs to the extra remote")
pytest.importorskip("moto.server", reason="moto[server] is not installed: the server of these tests")

from tests.support.object_store import ObjectStore, object_store

SECRET = "hidden/in+the/environment"  # noqa: S105
pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def store() -> Iterator[ObjectStore]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "known")
        patch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with object_store() as served:
            yield served
    access._filesystem.cache_clear()


def listed(store: ObjectStore, kind: str, named: dict[str, Any], **storage: Any) -> FilmSet:
    module = importlib.import_module(f"engine.probing.{kind}")
    options = {**named, "storage": {"endpoint_url": store.url, **storage}}
    found: FilmSet = module.load(module.Options.model_validate_json(json.dumps(options)), Path("/nowhere"))
    return found


NIH = ("Image Index,Finding Labels,View Position,Patient Gender,Patient Age", "00000001_000.png,Mass|Nodule,PA,F,61")
CHEXPERT = (
    "Path,Sex,Age,Frontal/Lateral,AP/PA,Edema",
    "CheXpert-v1.0/train/patient00001/study1/view1.jpg,F,60,Frontal,PA,1",
)
LAYOUTS: dict[str, tuple[list[str], dict[str, tuple[str, ...]], dict[str, Any]]] = {
    "folder": (["a/1.png", "a/b/2.JPG", "ä b+c%20#1.png"], {"notes.txt": ("x",)}, {}),
    "nih14": (["images_001/images/00000001_000.png"], {"Data_Entry_2017.csv": NIH}, {}),
    "chexpert": (["train/patient00001/study1/view1.jpg"], {"train.csv": CHEXPERT}, {"split": "train"}),
    "csv": (["f/1.png", "f/2.png"], {"list.csv": ("path,labels", "1,Mass", "F/2.png,")}, {"csv": "list.csv"}),
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_each_kind_reads_a_bucket_as_it_reads_a_folder(store: ObjectStore, tmp_path: Path, kind: str) -> None:
    films, tables, named = LAYOUTS[kind]
    write_films(tmp_path, films)
    for name, lines in tables.items():
        write_table(tmp_path / name, *lines)
    store.copy(f"{kind}-set", tmp_path, "deep/set")
    module = importlib.import_module(f"engine.probing.{kind}")
    at = {"folder": str(tmp_path)} if kind != "csv" else {}
    here = {**at, **named} if kind != "csv" else {"csv": str(tmp_path / "list.csv")}
    url = f"s3://{kind}-set/deep/set"
    there = {**({"folder": url} if kind != "csv" else {}), **named} if kind != "csv" else {"csv": f"{url}/list.csv"}
    local: FilmSet = module.load(module.Options.model_validate_json(json.dumps(here)), tmp_path)
    remote = listed(store, kind, there)
    assert list(remote.images) == list(local.images)
    assert len(remote.images) == len(films)
    assert [remote.read(image) for image in remote.images] == [local.read(image) for image in local.images]
    assert all(remote.stamp(image) for image in remote.images)


@pytest.mark.slow
def test_a_run_over_a_bucket_is_that_over_a_folder_and_keeps_no_secret(store: ObjectStore, tmp_path: Path) -> None:
    config = tiny_project(tmp_path, films=6)
    store.copy("run-set", tmp_path / "films", "films")
    with RunReader(run(load_config(config), Silent())) as reader:
        local = reader.info.content_hash
    text = config.read_text().replace('folder = "films"', 'folder = "s3://run-set/films"')
    config.write_text(f'{text}\n[probing.storage]\nendpoint_url = "{store.url}"\n')
    out = tmp_path / "remote.duckdb"
    with RunReader(run(load_config(config, [f"run.out={out}"]), Silent())) as reader:
        assert reader.info.content_hash == local
        kept = reader.info.config["probing"]
    assert kept["folder"] == "s3://run-set/films"
    assert kept["storage"]["endpoint_url"] == store.url
    assert SECRET.encode() not in out.read_bytes()
    assert b"AWS_" not in out.read_bytes()


def test_hostile_keys_are_left_out(store: ObjectStore, caplog: pytest.LogCaptureFixture) -> None:
    keys = ["1.png", "../2.png", "a//3.png", "/4.png", "./5.png", ".hidden/6.png", "sub/", "7"]
    store.fill("hostile", {f"set/{key}": film(1) for key in keys} | {"set2/8.png": film(2), "9.png": film(3)})
    probing = listed(store, "folder", {"folder": "s3://hostile/set/"})
    assert paths(probing) == ["1.png", "7"]
    assert "left out names that lead out of it: 4 (" in caplog.text
    rows = b"path\n../9.png\n/9.png\ns3://hostile/9.png\ns3://hostile/set/1.png\n"
    store.fill("hostile-list", {"list.csv": rows})
    caplog.clear()
    probing = listed(store, "csv", {"csv": "s3://hostile-list/list.csv", "folder": "s3://hostile/set"})
    assert paths(probing) == ["1.png"]
    assert "left out films that lead out of s3://hostile/set: 3 (" in caplog.text


@pytest.mark.slow
def test_tar_and_parquet_files_in_a_bucket(store: ObjectStore, tmp_path: Path) -> None:
    data = tar(tmp_path / "x.tar", {"1.png": film(1), "1.cls": b"Mass", "2.png": film(2)}).read_bytes()
    store.fill("tars", {f"sets/x-{number}.tar": data for number in range(3)})
    for shards, count in (("x-{0..1}.tar", 4), ("x-*.tar", 6)):
        probing = listed(store, "webdataset.probing_set", {"folder": "s3://tars/sets", "shards": shards})
        assert len(probing.images) == count
        assert [probing.read(image) for image in probing.images] == [film(1), film(2)] * (count // 2)
        assert probing.images[0].labels == ("Mass",)
    with pytest.raises(ConfigError, match=r"probing.shards: s3://tars/sets has no y\.tar"):
        listed(store, "webdataset.probing_set", {"folder": "s3://tars/sets", "shards": "y.tar"})
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = {"image": [film(seed) for seed in range(6)], "labels": [["Mass"]] * 6}
    parquet.write_table(importlib.import_module("pyarrow").table(rows), tmp_path / "x.parquet", row_group_size=2)
    store.fill("rows", {"x.parquet": (tmp_path / "x.parquet").read_bytes()})
    probing = listed(store, "parquet.probing_set", {"parquet": "s3://rows/x*.parquet", "image_column": "image"})
    assert [probing.read(image) for image in probing.images] == [film(seed) for seed in range(6)]


@pytest.mark.slow
def test_what_is_wrong_with_a_bucket_is_told_at_once(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "FIRST_WAIT", 0.0)
    for url, message in (
        ("s3://no-such-bucket/x", r"probing.folder: s3://no-such-bucket/x: there is no such bucket\."),
        ("s3://run-set/none", r"probing.folder: s3://run-set/none has no files, or does not exist\."),
    ):
        with pytest.raises(ConfigError, match=message):
            listed(store, "folder", {"folder": url})
    with pytest.raises(ConfigError, match="its store does not answer"):
        listed(store, "folder", {"folder": "s3://run-set/films"}, endpoint_url="http://127.0.0.1:9")
    with pytest.raises(MammiError, match=r"\(The config profile \(nobody\) could not be found\)\. Set AWS_"):
        listed(store, "folder", {"folder": "s3://run-set/films"}, profile="nobody")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    access._filesystem.cache_clear()
    with pytest.raises(MammiError, match=r"s3://run-set cannot be read with the credentials here \(Unable to locate"):
        listed(store, "folder", {"folder": "s3://run-set/films"})
    access._filesystem.cache_clear()


def test_a_table_of_a_published_set_may_be_here_and_its_films_there(store: ObjectStore, tmp_path: Path) -> None:
    store.fill("films-only", {"images/00000001_000.png": film(1)})
    entry = write_table(tmp_path / "Data_Entry_2017.csv", *NIH)
    probing = listed(store, "nih14", {"folder": "s3://films-only", "data_entry": str(entry)})
    assert [image.labels for image in probing.images] == [("Mass", "Nodule")]


def test_the_sample_configuration_reads_its_bucket(store: ObjectStore, tmp_path: Path) -> None:
    said = json.dumps({"labels": ["Mass"], "patient": "1", "view": "PA", "sex": "F", "age": 61}).encode()
    data = tar(tmp_path / "x.tar", {"00000001_000.png": film(1), "00000001_000.json": said}).read_bytes()
    store.fill("chest-films", {f"nih14/nih14-00{number}.tar": data for number in range(2)})
    overrides = [f"probing.storage.endpoint_url={store.url}", f"run.out={tmp_path}/x.duckdb"]
    config = load_config(SAMPLES / "webdataset.toml", overrides)
    (first, _) = config.probing.load(config.base).images
    assert (first.path, first.labels, first.view) == ("nih14-000.tar/00000001_000.png", ("Mass",), "PA")
    assert first.attributes == {"sex": ("F",), "age": ("61",)}


def test_a_method_may_have_films_of_its_own_in_a_bucket(store: ObjectStore) -> None:
    store.fill("boxed", {"list.csv": b"path,labels,x,y,w,h\n1.png,Mass,1,1,4,4\n", "1.png": film(1)})
    storage = {"endpoint_url": store.url}
    named = {"kind": "csv", "csv": "s3://boxed/list.csv", "box_columns": ["x", "y", "w", "h"], "storage": storage}
    own = OwnFilms.model_validate_json(json.dumps(named))
    kept = own.model_dump(mode="json")
    assert (kept["csv"], kept["storage"]) == ("s3://boxed/list.csv", storage)
    assert [image.boxes[0].label for image in own.load("methods.tsi.films", Path("/nowhere")).images] == ["Mass"]
