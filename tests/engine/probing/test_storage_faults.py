"""Stores that fail: what is asked again, what is set aside, and what ends a run at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.errors import ConfigError, MammiError, UnreadableImage
from engine.probing import csv, folder
from engine.probing.film_set import FilmSet
from engine.probing.places import film_size
from engine.probing.remote import access
from engine.probing.remote.options import Storage
from engine.probing.remote.path import RemotePath
from engine.probing.webdataset import probing_set as webdataset
from tests.support.films import paths, write_table
from tests.support.raw_server import raw_server
from tests.support.tars import film, tar
from tests.support.web_store import BREAKS_OFF, WebStore, web_store

pytest.importorskip("s3fs", reason="s3fs is not installed: it belongs to the extra remote")

NAMES = [f"{number:02}.png" for number in range(30)]
pytestmark = pytest.mark.network


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebStore]:
    """A store that holds the films of NAMES, asked without waits."""
    monkeypatch.setattr(access, "FIRST_WAIT", 0.0)
    for name, value in {"ACCESS_KEY_ID": "me", "SECRET_ACCESS_KEY": "hidden", "DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    with web_store() as served:
        served.files = {f"films/{name}": film(seed) for seed, name in enumerate(NAMES)}
        yield served
    access._health_of.cache_clear()


@pytest.fixture(params=["http", "s3"])
def films(request: pytest.FixtureRequest, store: WebStore, tmp_path: Path) -> FilmSet:
    """The films of a table, read as from a web server and as from a bucket."""
    table = write_table(tmp_path / "list.csv", "path", *NAMES)
    if request.param == "http":
        named: dict[str, Any] = {"folder": f"{store.url}/films", "storage": {"http": True}}
    else:
        named = {"folder": "s3://films", "storage": {"endpoint_url": store.url, "listing": False}}
    return csv.load(csv.Options.model_validate_json(json.dumps({"csv": str(table), **named})), tmp_path)


def reason(films: FilmSet, place: int) -> str:
    with pytest.raises(UnreadableImage) as caught:
        films.read(films.images[place])
    return str(caught.value)


def test_what_may_pass_is_asked_again(store: WebStore, films: FilmSet) -> None:
    store.faults = {"films/00.png": [503, 500, 429, BREAKS_OFF], "films/01.png": [502]}
    assert [films.read(image) for image in films.images] == [film(seed) for seed in range(len(NAMES))]
    assert store.asked.count("films/00.png") == access.ATTEMPTS
    assert store.asked.count("films/02.png") == 1
    assert film_size(films._files["02.png"]) == (16, 16)


def test_a_film_that_stays_unreadable_is_set_aside_with_the_reason(store: WebStore, films: FilmSet) -> None:
    store.faults = {"films/00.png": [503] * 9, "films/01.png": [403] * 9, "films/02.png": [400] * 9}
    del store.files["films/03.png"]
    store.files["films/04.png"] = b""
    store.code = "AccessDenied"
    assert reason(films, 0) == "cannot be read: its store answers 503"
    assert store.asked.count("films/00.png") == access.ATTEMPTS
    assert reason(films, 1) == "cannot be read: its store denies access"
    store.code = "InvalidRequest"
    assert reason(films, 2).startswith("cannot be read: its store answers 400")
    assert reason(films, 3) == "cannot be read: there is no such file"
    assert films.read(films.images[4]) == b""
    assert [store.asked.count(f"films/0{each}.png") for each in (1, 2, 3, 4)] == [1, 1, 1, 1]


def test_a_store_that_answers_nothing_ends_the_run(store: WebStore, films: FilmSet) -> None:
    store.always = 503
    for place in range(access.STOPS_AFTER - 1):
        reason(films, place)
    with pytest.raises(MammiError, match=r"20 files in a row could not be read: its store answers 503\. What is comp"):
        films.read(films.images[25])
    store.always = None
    assert films.read(films.images[25]) == film(25)
    store.faults = {"films/01.png": [503] * 9}
    assert reason(films, 1) == "cannot be read: its store answers 503"


@pytest.mark.parametrize(("status", "code"), [(403, "ExpiredToken"), (403, "InvalidAccessKeyId"), (401, "None")])
def test_credentials_that_no_film_can_be_read_with_end_the_run(
    store: WebStore, films: FilmSet, status: int, code: str
) -> None:
    store.always, store.code = status, code
    if status == 403 and str(films._files["00.png"]).startswith("http"):  # a web server has no such codes
        assert reason(films, 0) == "cannot be read: its store denies access"
        return
    with pytest.raises(MammiError, match=r"cannot be read with the credentials here|asks who is there") as caught:
        films.read(films.images[0])
    assert not isinstance(caught.value, UnreadableImage)
    assert len(store.asked) == 1


def test_a_web_server_is_asked_only_if_the_configuration_says_so(store: WebStore, tmp_path: Path) -> None:
    def of_folder(url: str, **storage: object) -> folder.Options:
        return folder.Options.model_validate_json(json.dumps({"folder": url, "storage": storage}))

    with pytest.raises(ValueError, match="web servers are not asked unless"):
        of_folder(f"{store.url}/films")
    for url in ("http://me:hidden@host/films", "http://host/films?X-Amz-Signature=1", "s3://me:hidden@films"):
        with pytest.raises(ValueError, match=r"no user, password|names no bucket"):
            of_folder(url, http=True)
    with pytest.raises(ValueError, match="an address has no user"):
        of_folder("s3://films", endpoint_url="http://me:hidden@host")
    with pytest.raises(ValueError, match="secret is a secret"):
        of_folder("s3://films", secret="hidden")  # noqa: S106
    with pytest.raises(ConfigError, match=r"what is below .* is not listed, so its films are not known"):
        folder.load(of_folder(f"{store.url}/films", http=True), tmp_path)
    assert not store.asked


def test_a_body_without_end_is_read_no_further_than_asked() -> None:
    def endless(_: str, __: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield bytes(1 << 16)

    with raw_server([endless]) as url:
        path = RemotePath.parse(f"{url}/x.png", Storage(http=True))
        assert path.read(100) == bytes(100)
        with pytest.raises(OSError, match="its server gives no parts of files"):
            path.part(10, 20)


def test_tar_files_are_read_by_parts(store: WebStore, tmp_path: Path) -> None:
    names = {f"{number}.png": film(number, 200) for number in range(3)}
    data = tar(tmp_path / "x.tar", {**names, "1.cls": b"Mass"}).read_bytes()
    store.files = {"sets/x-0.tar": data, "sets/x-1.tar": data}
    named = {"folder": f"{store.url}/sets", "shards": "x-{0..1}.tar", "storage": {"http": True}}
    options = webdataset.Options.model_validate_json(json.dumps(named))
    store.faults = {"sets/x-1.tar": [503]}
    probing = webdataset.load(options, tmp_path)
    assert paths(probing) == [f"x-{shard}.tar/{number}.png" for shard in (0, 1) for number in range(3)]
    assert [image.labels for image in probing.images[:3]] == [(), ("Mass",), ()]
    assert probing.read(probing.images[4]) == film(1, 200)
    store.ranges = False
    with pytest.raises(UnreadableImage, match="its server gives no parts of files"):
        probing.read(probing.images[4])
