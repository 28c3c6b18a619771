"""Reports from files, both sound and hostile."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from engine.concepts.report_files import digests, read_reports
from engine.errors import ConfigError, MammiError
from engine.text_files import TextFiles
from tests.support.deep_folders import deep_folder

OPEN_I = """<?xml version="1.0" encoding="utf-8"?>
<eCitation><Abstract>
<AbstractText Label="INDICATION">Cough.</AbstractText>
<AbstractText Label="FINDINGS">Heart &lt; normal.</AbstractText>
<AbstractText Label="IMPRESSION">No effusion.</AbstractText>
</Abstract></eCitation>"""
BOMB = """<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<r><AbstractText Label="FINDINGS">&b;</AbstractText></r>"""
LEAK = (
    '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r><AbstractText Label="FINDINGS">&x;</AbstractText></r>'
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def read(path: Path, **options: object) -> list[str]:
    return list(read_reports([path], **options))  # type: ignore[arg-type]


def test_open_i_xml_gives_findings_and_impression(tmp_path: Path) -> None:
    path = write(tmp_path, "1.xml", OPEN_I)
    assert read(path) == ["Heart < normal.\n\nNo effusion."]
    assert read(path, sections=["Indication"]) == ["Cough."]
    assert read(path, sections=["all"]) == ["Cough.\n\nHeart < normal.\n\nNo effusion."]
    assert read(path, sections=["technique"]) == []


@pytest.mark.parametrize("xml", [BOMB, LEAK])
def test_xml_with_a_document_type_is_refused(tmp_path: Path, xml: str) -> None:
    with pytest.raises(MammiError, match=r"bomb\.xml is refused: it declares a document type"):
        read(write(tmp_path, "bomb.xml", xml))


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"<r>",
        b"\x89PNG",
        b'<?xml version="1.0" encoding="no"?><r/>',
    ],
)
def test_broken_xml_is_one_clear_error(tmp_path: Path, xml: bytes) -> None:
    with pytest.raises(MammiError, match=r"broken\.xml is not valid XML"):
        read(write(tmp_path, "broken.xml", xml))


def test_text_is_read_by_its_headings(tmp_path: Path) -> None:
    report = "EXAMINATION: Chest.\n FINDINGS: The heart is normal.\n\n No mass.\nIMPRESSION: Clear. TECHNIQUE: AP."
    path = write(tmp_path, "s1.txt", report)
    assert read(path) == ["The heart is normal.\n\n No mass.\n\nClear."]


def test_text_without_the_section_is_skipped(tmp_path: Path) -> None:
    assert read(write(tmp_path, "s1.txt", "FINDINGS: Clear."), sections=["technique"]) == []


def test_folder_is_searched_in_depth_in_a_stable_order(tmp_path: Path) -> None:
    (tmp_path / "p10").mkdir()
    write(tmp_path / "p10", "b.txt", "second")
    write(tmp_path / "p10", "a.TXT", "first")
    write(tmp_path, "image.png", b"\x89PNG")
    assert read(tmp_path) == ["first", "second"]


def test_a_folder_of_reports_may_be_as_deep_as_the_system_allows(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    with deep_folder(tmp_path / "reports", "x.txt", b"FINDINGS: A nodule."):
        assert list(read_reports([tmp_path / "reports"])) == ["A nodule."]


def test_table_by_sections_by_default_names_and_by_column(tmp_path: Path) -> None:
    mimic = write(tmp_path, "sectioned.csv", "study,impression,findings\ns1,No mass.,Heart.\ns2,,\n")
    assert read(mimic) == ["No mass.\n\nHeart."]
    one = write(tmp_path, "one.csv", '\ufeffid,Report\n1,"FINDINGS: Heart, lungs. TECHNIQUE: AP."\n2\n')
    assert read(one) == ["Heart, lungs."]
    other = write(tmp_path, "other.tsv", "id\tnote\n1\tMass.\n")
    assert read(other, column="note") == ["Mass."]
    with pytest.raises(ConfigError, match=r"no column 'txet'.* id, note"):
        read(other, column="txet")
    with pytest.raises(ConfigError, match="no column of reports"):
        read(other)


@pytest.mark.parametrize("content", [b'report\n"open', b"report\n" + b"a" * 1_100_000, b"report\n\x81\n"])
def test_broken_table_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(MammiError, match=r"broken\.csv"):
        read(write(tmp_path, "broken.csv", content))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_may_have_the_separators_of_a_spreadsheet(tmp_path: Path, separator: str) -> None:
    lines = [f"id{separator}report", f'1{separator}"Heart; large, | as before."']
    assert read(write(tmp_path, "a.csv", "\n".join(lines))) == ["Heart; large, | as before."]


def test_text_that_spills_into_cells_beyond_the_header_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", " id , Report \n1,Heart is large.,,\n")
    assert read(tmp_path / "a.csv") == ["Heart is large."]
    write(tmp_path, "a.csv", "id,report\n1,Heart is large.\n2,Mass, and effusion.\n")
    with pytest.raises(MammiError, match=r"a\.csv, line 3: more cells than the header has"):
        read(tmp_path / "a.csv")


def test_mimic_section_file(tmp_path: Path) -> None:
    table = (
        "study,impression,findings,last_paragraph,comparison\n"
        's1,"No mass.\n",Heart is large.,,___\n'
        "s2,,,Lungs are clear.,None.\n"
        "s3,Effusion.,,Not this.,\n"
        "s4,,,,\n"
    )
    path = write(tmp_path, "mimic_cxr_sectioned.csv", table)
    assert read(path) == ["No mass.\n\nHeart is large.", "Lungs are clear.", "Effusion."]
    assert read(path, sections=["comparison"]) == ["___", "None."]
    assert read(path, column="last_paragraph") == ["Lungs are clear.", "Not this."]


ANNOTATION = {
    "train": [{"id": "a", "image_path": ["a/0.png"], "report": "Heart is large.", "split": "train"}],
    "val": [{"id": "b", "report": " "}],
    "test": [{"id": "c", "report": "No mass.", "subject_id": 1}],
}


def test_r2gen_json(tmp_path: Path) -> None:
    path = write(tmp_path, "annotation.json", json.dumps(ANNOTATION))
    assert read(path) == ["Heart is large.", "No mass."]
    assert read(path, splits=["test"]) == ["No mass."]
    with pytest.raises(ConfigError, match=r"annotation\.json has no split 'trian'. Its splits: train, val, test"):
        read(path, splits=["trian"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[" * 100_000, "nested more than 64 deep"),
        ('{"a":' * 100_000, "nested more than 64 deep"),
        ("", "not valid JSON"),
        ('{"train": [', "not valid JSON"),
        ('{"train": [{"report": ' + "9" * 5000 + "}]}", "not valid JSON"),
        ("[]", "not R2Gen's JSON"),
        ('{"train": {"report": "x"}}', "not R2Gen's JSON"),
        ('{"train": [{"report": 1}]}', "record 0 of 'train' must have a text \"report\""),
        ('{"train": [{"report": "x"}, "y"]}', "record 1 of 'train'"),
        (b"\xff{}", "not valid JSON"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not text"),
    ],
)
def test_json_that_is_not_r2gens_is_one_clear_error(tmp_path: Path, content: str | bytes, said: str) -> None:
    with pytest.raises(MammiError, match=said):
        read(write(tmp_path, "annotation.json", content))


def test_gzipped_files_are_read_by_their_inner_format(tmp_path: Path) -> None:
    write(tmp_path, "a.csv.gz", gzip.compress(b"report\nHeart.\n"))
    write(tmp_path, "b.JSON.GZ", gzip.compress(json.dumps(ANNOTATION).encode()))
    write(tmp_path, "c.tsv.gz", gzip.compress(b"id\treport\n1\tLung.\n"))
    write(tmp_path, "d.txt.gz", gzip.compress(b"Mass."))
    write(tmp_path, "e.xml.gz", gzip.compress(OPEN_I.encode()))
    write(tmp_path, "f.gz", b"no ending of ours")
    said = ["Heart.", "Heart is large.", "No mass.", "Lung.", "Mass.", "Heart < normal.\n\nNo effusion."]
    assert read(tmp_path) == said


@pytest.mark.parametrize("ending", ["txt", "csv", "json"])
def test_damaged_gzip_is_one_clear_error(tmp_path: Path, ending: str) -> None:
    whole = gzip.compress(b"report\n" + bytes(range(65, 91)) * 100)
    for content in (b"\x1f\x8bno gzip", whole[:-9], whole[:12] + b"\0\0\0" + whole[15:]):
        with pytest.raises(MammiError, match=r"a\..*\.gz"):
            read(write(tmp_path, f"a.{ending}.gz", content))


def test_gzip_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MammiError, match=r"more than 1 MB \(limits\.report_mb = 1"):
        read(write(tmp_path, "a.txt.gz", gzip.compress(b"a" * (10 << 20))))


def test_paths_without_reports_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        read(tmp_path / "gone")
    with pytest.raises(ConfigError, match="holds no reports"):
        read(tmp_path)
    with pytest.raises(ConfigError, match=r"\.txt, \.xml, \.json, \.csv, \.tsv, also gzipped"):
        read(write(tmp_path, "report.docx", b""))


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


APOSTROPHE = "FINDINGS: The patient’s heart is large."


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", APOSTROPHE),
        ("a.csv", f'report\n"{APOSTROPHE}"\n'),
        ("a.tsv", f"report\n{APOSTROPHE}\n"),
        ("a.json", json.dumps({"train": [{"report": APOSTROPHE}]}, ensure_ascii=False)),
        ("a.xml", f'<r><AbstractText Label="Findings">{APOSTROPHE[10:]}</AbstractText></r>'),
    ],
)
def test_every_format_is_read_in_any_encoding(
    tmp_path: Path, name: str, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    expected = [APOSTROPHE[10:]]
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert read(write(tmp_path, name, content.encode(encoding))) == expected
    assert read(write(tmp_path, name, content.encode("mac-roman")), texts=TextFiles("mac-roman")) == expected
    assert warnings(caplog) == []
    assert read(write(tmp_path, name, content.encode("cp1252")), texts=TextFiles(None, "--encoding")) == expected
    assert warnings(caplog) == [
        f"{tmp_path}/{name}: not UTF-8, so read as Windows-1252. If it is another encoding, name it with --encoding."
    ]


def test_xml_is_read_in_the_encoding_that_it_declares(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    section = f'<AbstractText Label="FINDINGS">{APOSTROPHE}</AbstractText>'
    content = f'<?xml version="1.0" encoding="windows-1252"?><r>{section}</r>'
    assert read(write(tmp_path, "a.xml", content.encode("cp1252"))) == [APOSTROPHE]
    assert warnings(caplog) == []


def test_what_cannot_be_read_is_set_aside_and_told_with_its_reason(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path, "a.txt", "Heart.")
    write(tmp_path, "b.xml", "<r>")
    write(tmp_path, "c.txt.gz", gzip.compress(b"Lung." * 100)[:-9])
    write(tmp_path, "d.txt", b"\x89PNG\r\n\x1a\n\0\0")
    write(tmp_path, "e.csv", "film\n1\n")
    write(tmp_path, "f.txt", "Mass.")
    (tmp_path / "g.txt").symlink_to(tmp_path / "gone")
    write(tmp_path, ".hidden.txt", b"\0\0")
    assert read(tmp_path) == ["Heart.", "Mass."]
    assert warnings(caplog) == [
        f"{tmp_path}: set aside 5 of 7 report files. {tmp_path}/b.xml is not valid XML: no element found: line 1, "
        f"column 3. {tmp_path}/c.txt.gz is a damaged gzip file. {tmp_path}/d.txt is not text, or is UTF-16 without a "
        "byte order mark. … and 2 more."
    ]
    assert len(list(digests([tmp_path]))) == 7


def test_where_no_file_can_be_read_the_first_reason_is_the_error(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", b"\0")
    write(tmp_path, "b.xml", "<r>")
    with pytest.raises(MammiError, match=r"a\.txt is not text.* Nor can the other 1 be read\."):
        read(tmp_path)


def test_reports_without_the_sections_are_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "a.csv", "report\nFindings: Heart.\nTechnique: AP.\nHistory: Cough.\n")
    assert read(tmp_path) == ["Heart."]
    assert warnings(caplog) == [f"{tmp_path}: left out 2 of 3 reports, which have no section findings or impression."]


def test_other_files_of_a_folder_are_counted_by_kind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("a.txt", "b.docx", "c.DOCX", "d.pdf", "README", ".DS_Store"):
        write(tmp_path, name, "Heart.")
    os.mkfifo(tmp_path / "pipe.txt")
    assert read(tmp_path) == ["Heart."]
    assert warnings(caplog) == [
        f"{tmp_path}: passed over files that are not reports (.txt, .xml, .json, .csv, .tsv, also gzipped): "
        "2 .docx, 1 .pdf, 1 pipe or device and other kinds; 5 in all."
    ]
