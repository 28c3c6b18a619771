"""What holds of an output, whatever the texts in it say. Each check yields one line for each fault."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import duckdb
from PIL import Image

_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
_FORMULA = re.compile(r"[\s\"'\ufeff\u200b\u00a0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r]")
_NUMBER = re.compile(r"[+-]?[\d.]+(e[+-]?\d+)?|-?(inf|nan)", re.IGNORECASE)
_JOINED = re.compile("[\u1161-\u11ff\ud7b0-\ud7ff\U0001f3fb-\U0001f3ff]")
_MOST_MARKS = 8
_ELEMENTS = {
    *("html", "head", "meta", "title", "style", "script", "body", "header", "main", "section", "article", "footer"),
    *("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
    *("div", "span", "bdi", "wbr", "br", "b", "i", "em", "strong", "img", "figure", "figcaption", "svg", "rect"),
    *("polygon", "path", "g", "input", "label", "select", "option", "button", "details", "summary", "nav", "a"),
    *("small", "caption", "output", "form", "code", "time", "aside"),
}


def hidden(text: str) -> list[str]:
    """The characters of a text that steer a terminal or are not seen, but for ends of lines."""
    found = [
        char for char in set(text) if char != "\n" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    ]
    return sorted({*found, *_UNSEEN.findall(text)})


def of_terminal(data: bytes) -> Iterator[str]:
    """Faults of what a terminal gets as plain text."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        yield f"no UTF-8: {error}"
        return
    if found := hidden(text):
        yield f"sends {found!r:.200}"
    marks = most = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me", "Mc") or _JOINED.match(char) else 0
        most = max(most, marks)
    if most > _MOST_MARKS:
        yield f"{most} combining marks in a row"
    if "\n\n\n\n" in text:
        yield "lines that a text has made"


def of_json(data: bytes) -> Iterator[str]:
    """Faults of JSON: also what a terminal would get of it."""
    yield from of_terminal(data)
    try:
        json.dumps(json.loads(data.decode()), ensure_ascii=False).encode()
    except (UnicodeError, json.JSONDecodeError) as error:
        yield f"no JSON in UTF-8: {error}"


def of_json_file(path: Path) -> Iterator[str]:
    try:
        json.dumps(json.loads(path.read_bytes().decode()), ensure_ascii=False).encode()
    except (UnicodeError, json.JSONDecodeError) as error:
        yield f"no JSON in UTF-8: {error}"


def of_csv(path: Path) -> Iterator[str]:
    """Faults of a table that a spreadsheet opens, with whatever separator it takes."""
    data = path.read_bytes()
    if found := sorted(set(re.findall(rb"[\0-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]", data))):
        yield f"control characters {found}"
    widths = set()
    for delimiter in ",;\t|":
        csv.field_size_limit(1 << 25)
        for row in csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter):
            if delimiter == ",":
                widths.add(len(row))
            for cell in row:
                if _FORMULA.match(cell) and not cell.startswith("'") and not _NUMBER.fullmatch(cell):
                    yield f"a formula where {delimiter!r} separates: {cell!r:.80}"
    if len(widths) > 1:
        yield f"rows of {sorted(widths)} cells"


def of_parquet(path: Path) -> Iterator[str]:
    with duckdb.connect() as connection:
        try:
            connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        except (duckdb.Error, UnicodeError) as error:
            yield f"no Parquet: {error!s:.200}"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: set[str] = set()
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        if tag not in _ELEMENTS:
            self.faults.add(f"an element <{tag}>")
        for name, value in attrs:
            if name.startswith("on") or (
                name in ("src", "href") and not (value or "").startswith(("data:image/", "#"))
            ):
                self.faults.add(f"an attribute {name}={value!r:.80} of <{tag}>")

    def handle_comment(self, data: str) -> None:
        self.faults.add(f"a comment {data!r:.80}")


def of_html(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    page = _Page()
    page.feed(text)
    page.close()
    yield from sorted(page.faults)
    if page.scripts != 1:
        yield f"{page.scripts} scripts"
    if found := hidden(text):
        yield f"holds {found!r:.200}"


def of_svg(path: Path) -> Iterator[str]:
    try:
        root = ElementTree.fromstring(path.read_bytes())  # noqa: S314 (our own file)
    except ElementTree.ParseError as error:
        yield f"no XML: {error}"
        return
    for each in root.iter():
        tag = each.tag.rpartition("}")[2]
        if tag in ("script", "foreignObject", "a", "animate", "set", "iframe", "image"):
            yield f"an element <{tag}>" if tag != "image" or not _inside(each.attrib) else ""
        for name, value in each.attrib.items():
            bare = name.rpartition("}")[2]
            if bare.startswith("on") or (bare == "href" and not value.startswith(("#", "data:image/png"))):
                yield f"an attribute {bare}={value!r:.80}"
    if found := re.findall(r"""(?:url\(|@import)\s*["']?(?!#)[^)\s]{1,80}""", path.read_text("utf-8")):
        yield f"asks for {found[0]!r}"
    if found := hidden("".join(root.itertext())):
        yield f"holds {found!r:.200}"


def _inside(attributes: dict[str, str]) -> bool:
    return any(value.startswith("data:image/png") for name, value in attributes.items() if name.endswith("href"))


def of_picture(path: Path) -> Iterator[str]:
    with Image.open(path) as picture:
        picture.load()
        for name, text in {**getattr(picture, "text", {})}.items():
            if found := hidden(f"{name}{text}"):
                yield f"its text holds {found!r:.200}"


def of_markdown(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    yield from of_terminal(text.encode())
    for pattern in (r"(?<!\\)<(?!br>)[a-zA-Z/!]", r"(?<!\\)\]\(", r"(?<!\\)!\[", r"(?<!\\)`"):
        if found := re.search(pattern, text):
            yield f"markup of a text: {text[max(0, found.start() - 20) : found.end() + 20]!r}"


OF_FILES = {
    ".csv": of_csv, ".json": of_json_file, ".parquet": of_parquet, ".html": of_html, ".md": of_markdown,
    ".svg": of_svg, ".png": of_picture, ".txt": lambda path: of_terminal(path.read_bytes()),
    ".jsonl": lambda path: of_terminal(path.read_bytes()),
}  # fmt: skip
"""The end of a file's name -> what is checked of it"""


def of_files(folder: Path, expected: Sequence[str] = ()) -> Iterator[str]:
    """Faults of all files in a folder, and of their names, which stay different where case does not count."""
    names = [path.name.casefold() for path in folder.iterdir()]
    if len(set(names)) < len(names):
        yield f"names that are the same where case does not count: {sorted(names)!r:.200}"
    for path in sorted(folder.iterdir()):
        if not re.fullmatch(r"[\w-][\w.-]{0,160}", path.name, re.ASCII) and path.name not in expected:
            yield f"a file called {path.name!r:.200}"
        for fault in OF_FILES[path.suffix](path):
            if fault:
                yield f"{path.name!r}: {fault}"
