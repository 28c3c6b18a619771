"""Films in tar files: which are found, what is said of them, and what is left out of files that are not right."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.errors import ConfigError, UnreadableImage
from engine.probing.film_set import FilmSet
from engine.probing.webdataset.probing_set import Options, load
from engine.probing.webdataset.shard_names import expanded
from tests.support.films import by_path, paths
from tests.support.tars import Files, film, tar


def listed(folder: Path, **options: object) -> FilmSet:
    return load(Options.model_validate_json(json.dumps({"folder": str(folder), **options})), folder)


def told(**said: object) -> bytes:
    return json.dumps(said).encode()


def test_samples_are_films_with_what_is_said_of_them(tmp_path: Path) -> None:
    first: Mapping[str, bytes] = {
        "a/1_000.png": film(1),
        "a/1_000.json": told(labels=["Mass", "Effusion"], patient=7, view="PA", Gender="female", age=61.0),
        "a/1_000.txt": b"A mass.",
        "2.png": film(2),
        "2.cls": b"1\n",
        "2.json": told(labels={"Edema": 1, "Nodule": 0}, report="From JSON"),
    }
    tar(tmp_path / "x-00.tar", first)
    tar(tmp_path / "x-01.tar", {"3.dcm": film(3), "3.json": told(labels="Mass|Hernia", Gender="?"), "notes.md": b"#"})
    options = {"classes": ["Normal", "Fibrosis"], "attribute_keys": {"sex": "Gender", "age": "age"}}
    probing = listed(tmp_path, **options)
    assert paths(probing) == ["x-00.tar/2.png", "x-00.tar/a/1_000.png", "x-01.tar/3.dcm"]
    second, one, third = probing.images
    assert (one.labels, one.patient, one.view, one.report) == (("Mass", "Effusion"), "7", "PA", "A mass.")
    assert one.attributes == {"sex": ("F",), "age": ("61",)}
    assert (second.labels, second.report) == (("Edema", "Fibrosis"), "From JSON")
    assert (third.labels, third.attributes) == (("Mass", "Hernia"), {})
    assert [probing.read(image) for image in probing.images] == [film(2), film(1), film(3)]
    assert len({probing.stamp(image) for image in probing.images} - {""}) == 3
    assert paths(listed(tmp_path, shards="x-{01..01}.tar")) == ["x-01.tar/3.dcm"]
    assert paths(listed(tmp_path, views=["pa"])) == ["x-00.tar/a/1_000.png"]


def test_names_with_braces() -> None:
    assert expanded("a-{08..10}.tar") == ["a-08.tar", "a-09.tar", "a-10.tar"]
    assert expanded("{x,y}/{1..2}.tar") == ["x/1.tar", "x/2.tar", "y/1.tar", "y/2.tar"]
    for wrong in (
        "a{.tar",
        "{1}.tar",
        "{2..1}.tar",
        "{0..9999999}.tar",
        "{0..999}{0..999}.tar",
        "{1..1}" * 70,
        "x" * 2000,
    ):
        with pytest.raises(ValueError, match=r"brace|range|stands for"):
            expanded(wrong)


def test_dots_in_names_part_at_the_first_and_uids_at_the_last(tmp_path: Path) -> None:
    tar(tmp_path / "x.tar", {"1.2.840.5.dcm": film(1), "7.cxr.png": film(2), "7.mask.png": film(3), "7.json": told()})
    assert paths(listed(tmp_path)) == ["x.tar/1.2.840.5.dcm"]
    assert paths(listed(tmp_path, image=".CXR.png")) == ["x.tar/7.cxr.png"]
    tar(tmp_path / "x.tar", {"7.png": film(2), "7.jpg": film(3)})
    with pytest.raises(ConfigError, match=r"probing.image is missing: the sample 7 of .* jpg and png; name the one"):
        listed(tmp_path)


def test_what_is_hostile_or_no_film_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as archive:

        def add(name: str, data: bytes = b"x", kind: bytes = tarfile.REGTYPE, to: str = "") -> None:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, to, len(data)
            archive.addfile(member, io.BytesIO(data))

        add("./good.png", film(1))
        add("../up.png")
        add("/etc/root.png")
        add("a/../../b.png")
        add("link.png", b"", tarfile.SYMTYPE, "/etc/passwd")
        add("hard.png", b"", tarfile.LNKTYPE, "good.png")
        add("pipe.png", b"", tarfile.FIFOTYPE)
        add("._good.png")
        add("good.png", film(2))
        add("bad.png", film(3))
        add("bad.json", b"{")
        add("deep.png", film(4))
        add("deep.json", b"[" * 100_000)
        add("alone.json", told(labels=["Mass"]))
        add("9.png", film(5))
        add("9.cls", b"12")
        add("\udcff.png", film(6))
    probing = listed(tmp_path)
    assert paths(probing) == [f"x.tar/{name}.png" for name in ("9", "\\xff", "bad", "deep", "good")]
    assert probing.read(by_path(probing)["x.tar/good.png"]) == film(1)
    text = caplog.text
    for reason in (
        "names that lead out of it: 3 (../up.png, /etc/root.png, a/../../b.png)",
        "links and other files without bytes of their own: 3 (link.png, hard.png, pipe.png)",
        "files of a name that an earlier one has: 1 (good.png)",
        "samples without a film: 1 (x.tar/alone)",
        "films whose .json is no JSON object, and says nothing: 2 (x.tar/bad.png, x.tar/deep.png)",
        "films whose .cls is a number that probing.classes does not name, and no label: 1 (x.tar/9.png)",
    ):
        assert reason in text


def test_damaged_and_cut_tar_files(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = tar(tmp_path / "x.tar", {f"{number}.png": film(number) for number in range(4)}).read_bytes()
    member = 512 + -(-len(film(0)) // 512) * 512
    damaged = bytearray(whole)
    damaged[2 * member : 2 * member + 8] = b"\xff" * 8
    (tmp_path / "x.tar").write_bytes(damaged)
    assert paths(listed(tmp_path)) == ["x.tar/0.png", "x.tar/1.png"]
    assert f"left out what follows a damaged place: 1 ({tmp_path}/x.tar, byte {2 * member:,})" in caplog.text
    (tmp_path / "x.tar").write_bytes(whole[: 2 * member + 600])
    assert paths(listed(tmp_path)) == ["x.tar/0.png", "x.tar/1.png"]
    assert "left out files that are cut off: 1 (2.png)" in caplog.text
    (tmp_path / "x.tar").write_bytes(whole)
    probing = listed(tmp_path)
    (tmp_path / "x.tar").write_bytes(whole[: member + 600])
    with pytest.raises(UnreadableImage, match="cannot be read: its file is shorter than it was"):
        probing.read(probing.images[1])


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ({}, {}, r"probing.shards: .* has no \*.tar\."),
        ({"x.tar": b""}, {}, r"x.tar is empty\."),
        ({"x.tar": b"\x1f\x8b\x08" + bytes(600)}, {}, "x.tar is packed with gzip"),
        ({"x.tar": b"text" * 300}, {}, "x.tar is no tar file: "),
        ({"x.tar": bytes(1024)}, {}, "the 1 tar files of .* hold no film"),
        ({}, {"shards": "x-{0..1}.tar"}, "has no x-0.tar"),
        ({}, {"shards": "../x.tar"}, "leads out of"),
        ({}, {"shards": "/etc/*.tar"}, r"'/etc/\*.tar' is no pattern of names"),
    ],
)
def test_files_that_are_no_tar_files_are_refused(
    tmp_path: Path, files: Files, options: dict[str, str], message: str
) -> None:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        listed(tmp_path, **options)


@pytest.mark.parametrize(
    ("kind", "size", "times"),
    [
        (tarfile.GNUTYPE_LONGNAME, 1 << 33, 1),
        (tarfile.XHDTYPE, 1 << 70, 1),
        (tarfile.XHDTYPE, -1024, 1),
        (tarfile.GNUTYPE_LONGNAME, 0, 3000),
    ],
)
def test_a_header_that_asks_for_all_memory_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: bytes, size: int, times: int
) -> None:
    data = tar(tmp_path / "x.tar", {"0.png": film(0)}).read_bytes().rstrip(b"\0")
    long = tarfile.TarInfo("x")
    long.type, long.size = kind, size
    data = data.ljust(-(-len(data) // 512) * 512, b"\0") + long.tobuf(tarfile.GNU_FORMAT) * times + bytes(2048)
    (tmp_path / "x.tar").write_bytes(data)
    assert paths(listed(tmp_path)) == ["x.tar/0.png"]
    assert "what follows a damaged place" in caplog.text
