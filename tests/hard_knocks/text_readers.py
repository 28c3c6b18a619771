"""The readers of text from outside, each with a sample that it reads, for the knocks that damage such samples."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.annotation.cuts import Cuts
from engine.concepts import word_list, wordnet
from engine.concepts.nouns import extract_nouns
from engine.concepts.report_files import check_sections, read_reports
from engine.concepts.tagger import demo_tagger, nltk_tagger
from engine.config.settings import load_config
from engine.evaluation.matrix_config import load as load_matrix
from engine.evaluation.synonyms import read_synonyms
from engine.probing import attribute_tables, chestx_det, chexpert, covid_cxr, csv, mimic_cxr_jpg, nih14
from engine.probing.attribute_options import AttributeOptions
from engine.probing.table_options import TableOptions
from engine.probing.webdataset.probing_set import Options as TarOptions
from engine.probing.webdataset.told import Told
from engine.vlms.hugging_face import read_json
from mammi_tui.keyboard.file import read_keys
from mammi_tui.state.file import StateFile
from mammi_tui.state.record import RunState, as_json
from mammi_tui.verdicts.incoming import read_incoming
from mammi_tui.verdicts.lines import Deed, Line, Seen
from mammi_tui.verdicts.log import VerdictLog, verdicts_path
from mammi_tui.verdicts.table import COLUMNS, shown
from tests.shared import ROOT
from tests.support.films import write_films

BASE = ROOT / "sample_configs" / "phantom.toml"
FILMS = [f"{number:08}_000.png" for number in range(1, 7)]
STUDY = "files/p10/p10000032/s50414267"


@dataclass(frozen=True, slots=True)
class Reader:
    """A text reader: where its file lies below a folder, what a sound file says, and what reads it."""

    file: str
    sample: str
    read: Callable[[Path], object]
    """Called with the folder"""

    def write(self, folder: Path, content: bytes | None = None) -> None:
        """Writes its file; by default the sound one."""
        path = folder / self.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.sample.encode() if content is None else content)


def prepare(folder: Path) -> None:
    """Writes the films that tables name, and a sound file for each reader: some read several."""
    films = [f"{place}/{name}" for place in ("nih", "covid/images", "covid/masks") for name in FILMS]
    write_films(folder, [*films, "train/patient00001/study1/view1_frontal.jpg", f"{STUDY}/a.jpg"])
    (folder / "mimic-cxr-2.0.0-chexpert.csv").write_text("subject_id,study_id,Edema\n10000032,50414267,1.0\n")
    (folder / "base.toml").write_text(BASE.read_text("utf-8"))
    for reader in readers().values():
        reader.write(folder)
    weights = folder / readers()["tagger"].file
    for part, content in {"tagdict": '{"the": "DT"}', "classes": '["NN", "DT"]'}.items():
        weights.with_name(weights.name.replace("weights", part)).write_text(content)


@cache
def readers() -> dict[str, Reader]:
    """Every reader by name."""
    tagger = demo_tagger()

    def reports(folder: Path, name: str, column: str | None = None) -> object:
        check_sections([folder / name], ["findings"], column)
        return extract_nouns(read_reports([folder / name], column=column), tagger)

    def told(folder: Path) -> object:
        keys = TarOptions.model_construct(
            labels_key="labels",
            patient_key="p",
            view_key="v",
            report_key="r",
            attribute_keys={"age": "age"},
            classes=(),
        )
        return Told(keys).image("a", {"json": (folder / "told.json").read_bytes()})

    def log(folder: Path) -> object:
        verdicts = VerdictLog(folder / "run.duckdb", "run")
        verdicts.read()
        return verdicts.standing.judgements

    table = "path,labels,patient,view,report,age,x,y,w,h,mask\n"
    rows = "".join(
        f'"{name}","[\'Effusion\', \'Mass\']",p{place % 3},PA,"small, left",0{place}1Y,1,2,3,4,1 2 3 4\n'
        for place, name in enumerate(FILMS)
    )
    drawn = {"box_columns": ("x", "y", "w", "h"), "mask_column": "mask", "mask_label": "Mass"}
    semicolons = "path;Effusion;Mass\n" + "".join(f"{name};yes;-1\n" for name in FILMS)
    outlined = {"boxes": [[1, 2, 3, 4]], "polygons": [[[1, 2], [3, 4], [1, 4]]]}
    report = "FINDINGS: The heart is normal. There is a\n\nnodule, 1.5 cm.\nIMPRESSION: Nodule - left.\n"
    return {
        "csv": Reader(
            "films.csv", table + rows, lambda at: csv.load(csv.Options(csv="films.csv", folder="nih", **drawn), at)
        ),
        "plain csv": Reader(
            "plain.csv", table + rows, lambda at: csv.load(csv.Options(csv="plain.csv", folder="nih"), at)
        ),
        "csv of columns": Reader(
            "columns.csv",
            semicolons,
            lambda at: csv.load(csv.Options(csv="columns.csv", folder="nih", label_columns=("Effusion", "Mass")), at),
        ),
        "attributes": Reader(
            "films.csv",
            table + rows,
            lambda at: attribute_tables.with_attributes(
                csv.load(csv.Options(csv="films.csv", folder="nih"), at),
                AttributeOptions(columns={"age": "age", "finding": "labels"}, file="films.csv", image="path"),
                TableOptions(),
                at,
            ),
        ),
        "nih14 entries": Reader(
            "nih/Data_Entry_2017.csv",
            "Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,"
            "OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],\n"
            + "".join(f"{name},Cardiomegaly|Mass,0,1,058Y,M,PA,2682,2749,0.143,0.143,\n" for name in FILMS),
            lambda at: nih14.load(nih14.Options(folder="nih"), at),
        ),
        "nih14 boxes": Reader(
            "nih/BBox_List_2017.csv",
            "Image Index,Finding Label,Bbox [x,y,w,h],,,\n" + "".join(f"{name},Mass,1.5,2,3,4,,,\n" for name in FILMS),
            lambda at: nih14.load(nih14.Options(folder="nih"), at),
        ),
        "nih14 list": Reader(
            "list.txt",
            "".join(f"{name} {' '.join('01' * 7)}\n" for name in FILMS),
            lambda at: nih14.load(nih14.Options(folder="nih", split="list.txt"), at),
        ),
        "chexpert": Reader(
            "train.csv",
            "Path,Sex,Age,Frontal/Lateral,AP/PA,Edema,Fracture\n"
            "CheXpert-v1.0/train/patient00001/study1/view1_frontal.jpg,Female,68,Frontal,AP,1.0,-1.0\n",
            lambda at: chexpert.load(chexpert.Options(folder=".", split="train"), at),
        ),
        "mimic": Reader(
            "mimic-cxr-2.0.0-metadata.csv",
            "dicom_id,subject_id,study_id,ViewPosition\na,10000032,50414267,PA\n",
            lambda at: mimic_cxr_jpg.load(mimic_cxr_jpg.Options(folder="."), at),
        ),
        "mimic report": Reader(
            f"{STUDY}.txt",
            report,
            lambda at: mimic_cxr_jpg.load(mimic_cxr_jpg.Options(folder=".", labels="none", reports="."), at),
        ),
        "covid": Reader(
            "covid/structure.csv",
            "Filename,Template Name,Mask,Left,Top\n" + "".join(f"{name},Mass,masks/{name},1,2\n" for name in FILMS[:2]),
            lambda at: covid_cxr.load(covid_cxr.Options(folder="covid"), at),
        ),
        "chestx_det": Reader(
            "det.json",
            json.dumps([{"file_name": name, "syms": ["Mass"], **outlined} for name in FILMS]),
            lambda at: chestx_det.load(chestx_det.Options(folder="nih", annotations="det.json"), at),
        ),
        "word list": Reader(
            "words.txt",
            '# words\npleural effusion\t12\nmass\t3\n"nodule, left"\t4\n',
            lambda at: word_list.load(word_list.Options(path="words.txt"), at, ()),
        ),
        "text report": Reader("report.txt", report, lambda at: reports(at, "report.txt")),
        "xml report": Reader(
            "report.xml",
            '<?xml version="1.0" encoding="utf-8"?>\n<r><a x="1"/><AbstractText Label="FINDINGS">Heart &amp; lungs'
            '</AbstractText><AbstractText Label="IMPRESSION">Normal.</AbstractText></r>',
            lambda at: reports(at, "report.xml"),
        ),
        "json report": Reader(
            "report.json",
            json.dumps({"train": [{"id": "1", "report": report}], "val": [{"id": "2", "report": "Mass."}], "test": []}),
            lambda at: reports(at, "report.json"),
        ),
        "csv report": Reader(
            "reports.csv",
            'study,findings,impression\n1,"Heart, lungs.",Normal\n2,,Mass\n',
            lambda at: reports(at, "reports.csv"),
        ),
        "tsv report": Reader(
            "reports.tsv", f'study\treport\n1\t"{report}"\n', lambda at: reports(at, "reports.tsv", "report")
        ),
        "wordnet": Reader(
            "corpora/wordnet/data.noun",
            "  1 licence\n00001740 03 n 02 entity 0 thing 0 003 ~ 00001930 n 0000 | that\n",
            lambda at: wordnet.load(wordnet.Options(nltk_data="."), at, ()),
        ),
        "tagger": Reader(
            "taggers/averaged_perceptron_tagger_eng/averaged_perceptron_tagger_eng.weights.json",
            '{"bias": {"NN": 1.5, "DT": 0.25}}',
            lambda at: nltk_tagger(at).tag(["heart"]),
        ),
        "synonyms": Reader(
            "synonyms.txt",
            "# mine\nEffusion: fluid, hydrothorax\nMass: tumour\n",
            lambda at: read_synonyms(str(at / "synonyms.txt")),
        ),
        "hugging face": Reader(
            "config.json",
            '{"hidden_size": 12, "model_type": "bert", "x": [1.5, null, true]}',
            lambda at: read_json(at / "config.json", "vlm.path"),
        ),
        "told of a sample": Reader(
            "told.json", '{"labels": ["Mass"], "p": 1, "v": "PA", "r": "Heart.", "age": 61.0}', told
        ),
        "incoming lines": Reader("others.jsonl", "".join(_lines()), lambda at: read_incoming(at / "others.jsonl")),
        "incoming table": Reader("others.csv", _table(), lambda at: read_incoming(at / "others.csv")),
        "verdict log": Reader(verdicts_path(Path("run.duckdb")).name, "".join(_lines()), log),
        "state": Reader(
            "state.json",
            as_json(RunState("a:1", 0.9, 0.5, open_layers=("a", "b"), saved={"x": "dead"})),
            lambda at: StateFile(at / "state.json").read(),
        ),
        "keys": Reader(
            "keys.toml",
            '"verdict.accept" = "y, ctrl+y"\n[verdict]\nreject = ["n", "f5"]\n',
            lambda at: read_keys(at / "keys.toml"),
        ),
        "configuration": Reader("run.toml", BASE.read_text("utf-8"), lambda at: load_config(at / "run.toml")),
        "matrix": Reader(
            "matrix.toml",
            '[matrix]\nrun = "base.toml"\nout = "tables"\nalpha = [0.9, 0.95]\n'
            '[[concepts]]\nkind = "word_list"\npath = "w.txt"\n',
            lambda at: load_matrix(at / "matrix.toml"),
        ),
    }


def _lines() -> Iterator[str]:
    previous = ""
    deeds = (
        Deed("verdict", verdict="accept"),
        Deed("note", text="left, above"),
        Deed("concept", concept="mass", mark="wrong"),
    )
    for number, deed in enumerate(deeds, 1):
        line = Line(
            "2026-01-01T00:00:00.000+00:00", "reader", "", "layer:1", deed, Seen(Cuts(0.9, 0.9), ("mass",)), "run"
        )
        line = line.sealed(number, previous)
        previous = line.hash
        yield line.as_json() + "\n"


def _table() -> str:
    """The first line as `mammi verdicts export` writes it."""
    import csv as tables
    import io

    from mammi_tui.verdicts.lines import parse_line

    text = next(_lines())
    line = parse_line(text.encode())
    assert line is not None
    found = dict.fromkeys(COLUMNS, "") | shown(line) | {"hash": line.hash, "line": text.strip()}
    out = io.StringIO()
    writer = tables.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerow(found)
    return out.getvalue()
