"""`mammi concepts`: a concept set from the nouns of reports."""

from __future__ import annotations

from pathlib import Path

import click

from mammi_tui.compute import need_engine
from mammi_tui.output import STDOUT, check_output, force


@click.command("concepts")
@click.argument("reports", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="The list to write; - is standard output.",
)
@click.option(
    "--section", "sections", multiple=True, help='A section to read, or "all"; findings and impression by default.'
)
@click.option("--column", help="A CSV file's column of reports.")
@click.option(
    "--min-reports", type=click.IntRange(min=1), default=1, show_default=True, help="Reports a noun must be in."
)
@click.option("--nltk-data", type=click.Path(path_type=Path), help="NLTK's data folder; its own places by default.")
@click.option("--counts", is_flag=True, help="Write each noun's number of reports after it, behind a tab.")
@click.option("--keep-stop-words", is_flag=True, help="Keep words such as which and there.")
@click.option("--keep-single-letters", is_flag=True, help="Keep words of one letter.")
@click.option("--keep-digits", is_flag=True, help="Keep words with a digit in them, such as t12.")
@click.option("--keep-deidentified", is_flag=True, help="Keep the marks XXXX and ___.")
@force
def concepts(
    reports: tuple[Path, ...],
    output: Path,
    sections: tuple[str, ...],
    column: str | None,
    min_reports: int,
    nltk_data: Path | None,
    counts: bool,
    keep_stop_words: bool,
    keep_single_letters: bool,
    keep_digits: bool,
    keep_deidentified: bool,
    force: bool,
) -> None:
    """Write the nouns of REPORTS as a concept set, one a line, the most frequent first.

    REPORTS are files (.txt, Open-i .xml, .csv, .tsv) or folders of them. Nouns are found by NLTK's English tagger.
    A file that exists is left alone without --force, and the reports always.
    """
    need_engine("mammi concepts")

    from engine.concepts.nouns import NounFilters, extract_nouns
    from engine.concepts.report_files import DEFAULT_SECTIONS, check_sections, read_reports, report_files
    from engine.concepts.tagger import nltk_tagger
    from engine.errors import ConfigError, MammiError

    check_output(output, force, report_files(reports))
    check_sections(reports, sections, column)
    filters = NounFilters(
        stop_words=not keep_stop_words,
        single_letters=not keep_single_letters,
        digits=not keep_digits,
        deidentified=not keep_deidentified,
    )
    texts = list(read_reports(reports, sections=sections or DEFAULT_SECTIONS, column=column))
    nouns = extract_nouns(texts, nltk_tagger(nltk_data), filters=filters, min_reports=min_reports)
    if not nouns:
        raise MammiError(f"No noun is in {min_reports} or more of the {len(texts)} reports: nothing was written.")
    lines = [f"{noun.noun}\t{noun.document_frequency}" if counts else noun.noun for noun in nouns]
    try:
        if output == STDOUT:
            click.echo("\n".join(lines))
        else:
            output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--output: cannot write {output}: {error.strerror}.") from error
    click.echo(f"{len(nouns)} nouns of {len(texts)} reports written to {output}", err=True)
