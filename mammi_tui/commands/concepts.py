"""`mammi concepts`: writes the nouns of reports as a concept set."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mammi_tui.console.compute import need_engine
from mammi_tui.console.output import STDOUT, check_output, force, output_option
from mammi_tui.console.progress import run_progress
from mammi_tui.console.say import pass_on, say
from mammi_tui.text import clean, count

if TYPE_CHECKING:
    from engine.concepts.nouns import Sifted
    from engine.progress import Progress

_FILTERED = {
    "stop_words": "stop words",
    "single_letters": "single letters",
    "digits": "with digits",
    "deidentified": "de-identification marks",
    "picture_words": "on the authors' discard list",
}
_EXAMPLES = 5


def _known_encoding(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    from engine.text_files import known_encoding

    try:
        return value if value is None else known_encoding(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command("concepts")
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@output_option("The list to write; - means standard output.")
@click.option(
    "--section", "sections", multiple=True, help='A section to read, or "all"; findings and impression by default.'
)
@click.option("--column", help="The column of a CSV file that holds the reports.")
@click.option("--split", "splits", multiple=True, help="A split of R2Gen's JSON to read; all by default.")
@click.option(
    "--encoding",
    callback=_known_encoding,
    help="The encoding of REPORTS, such as cp1252; by default UTF-8, or what a byte order mark says.",
)
@click.option(
    "--min-reports",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="The fewest reports that a noun must occur in.",
)
@click.option("--nltk-data", type=click.Path(path_type=Path), help="NLTK's data folder; where NLTK looks by default.")
@click.option("--counts", is_flag=True, help="Add a tab and the number of reports to each noun.")
@click.option("--keep-stop-words", is_flag=True, help="Keep words such as which and there.")
@click.option("--keep-single-letters", is_flag=True, help="Keep words of one letter.")
@click.option("--keep-digits", is_flag=True, help="Keep words with a digit in them, such as t12.")
@click.option(
    "--keep-deidentified",
    is_flag=True,
    help="Keep XXXX and ___, which published reports have in place of names and dates.",
)
@click.option(
    "--keep-picture-words", is_flag=True, help="Keep the words that the paper's authors discard: left, view, image, …"
)
@force
def concepts(
    reports: tuple[Path, ...],
    output: Path,
    sections: tuple[str, ...],
    column: str | None,
    splits: tuple[str, ...],
    encoding: str | None,
    min_reports: int,
    nltk_data: Path | None,
    counts: bool,
    keep_stop_words: bool,
    keep_single_letters: bool,
    keep_digits: bool,
    keep_deidentified: bool,
    keep_picture_words: bool,
    force: bool,
) -> None:
    """Write the nouns of REPORTS as a concept set: one noun a line, the most frequent first.

    REPORTS are files (.txt such as MIMIC-CXR's, Open-i .xml, R2Gen .json, .csv, .tsv, also gzipped) or folders of them.
    NLTK's English tagger finds the nouns. --force replaces an existing FILE, but never a report.
    """
    need_engine("mammi concepts")

    from engine.concepts.filters import NounFilters
    from engine.concepts.nouns import count_nouns, sift_nouns
    from engine.concepts.report_files import check_sections, read_reports, report_files
    from engine.concepts.sections import DEFAULT_SECTIONS
    from engine.concepts.tagger import nltk_tagger
    from engine.errors import MammiError, writing
    from engine.store.whole_file import written_beside
    from engine.text_files import TextFiles

    check_output(output, force, report_files(reports))
    texts = TextFiles(encoding, "--encoding")
    check_sections(reports, sections, column, splits, texts)
    filters = NounFilters(
        stop_words=not keep_stop_words,
        single_letters=not keep_single_letters,
        digits=not keep_digits,
        deidentified=not keep_deidentified,
        picture_words=not keep_picture_words,
    )
    tagger = nltk_tagger(nltk_data)
    chosen = sections or DEFAULT_SECTIONS
    read = list(read_reports(reports, sections=chosen, column=column, splits=splits, texts=texts))
    with run_progress(sys.stderr) as progress:
        progress.stage("reports", len(read))
        sifted = sift_nouns(count_nouns(_counted(read, progress), tagger), filters, min_reports)
    say(*_left_out(sifted, min_reports), err=True)
    if not sifted.kept:
        raise MammiError(
            f"No noun is in {min_reports} or more of the {count(len(read), 'report')}: nothing was written."
        )
    lines = [f"{noun.noun}\t{noun.document_frequency}" if counts else noun.noun for noun in sifted.kept]
    if output == STDOUT:
        pass_on("".join(f"{line}\n" for line in lines).encode())
    else:
        with writing(f"--output {output}"), written_beside(output) as written:
            written.write_text("\n".join(lines) + "\n", encoding="utf-8")
    say(f"{count(len(lines), 'noun')} of {count(len(read), 'report')} written to {output}", err=True)


def _counted(texts: Iterable[str], progress: Progress) -> Iterator[str]:
    """Yields the texts and advances the progress after each."""
    for text in texts:
        yield text
        progress.advance(1)


def _left_out(sifted: Sifted, min_reports: int) -> Iterator[str]:
    """One line for each filter: what it left out, its most frequent words, and the option that keeps them."""
    for name, nouns in [*sifted.left_out.items(), ("", sifted.rare)]:
        if not nouns:
            continue
        shown = ", ".join(noun.noun for noun in nouns[:_EXAMPLES])
        kind, option = (
            (_FILTERED[name], f"--keep-{name.replace('_', '-')}")
            if name
            else (f"in fewer than {min_reports} reports", "--min-reports 1")
        )
        yield clean(f"left out, {kind}: {len(nouns):,} such as {shown} ({option} keeps them)")
