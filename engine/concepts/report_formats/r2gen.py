"""Reports in R2Gen's annotation.json: `{"train": [{"id": …, "report": …}, …], "val": …, "test": …}`.

The layout is what R2Gen's data sets read (github.com/zhjohnchan/R2Gen, modules/datasets.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.concepts import sections
from engine.concepts.report_formats.base import Choice
from engine.errors import ConfigError, MammiError
from engine.limits import limits, named
from engine.parsing import Unparsable, parse_json
from engine.text_files import MB, short


def read(file: Path, choice: Choice) -> Iterator[str]:
    """The chosen sections of each report in the chosen splits. R2Gen's own reports have no headings, so each is taken
    whole."""
    for report in _reports(file, choice):
        yield sections.select_sections(report, choice.sections)


def section_names(file: Path, choice: Choice) -> set[str]:
    return {name for report in _reports(file, choice) for name in sections.section_names(report)}


def _reports(file: Path, choice: Choice) -> Iterator[str]:
    try:
        content = parse_json(choice.texts.read(file))
    except Unparsable as error:
        raise MammiError(f"{file} {error}.") from error
    if not isinstance(content, dict) or not all(isinstance(records, list) for records in content.values()):
        raise MammiError(f'{file} is not R2Gen\'s JSON: {{"train": [{{"report": …}}, …], "val": …, "test": …}}.')
    for split in choice.splits:
        if split not in content:
            raise ConfigError(f"{file} has no split {split!r}. Its splits: {short(', '.join(content)) or 'none'}.")
    for split in choice.splits or content:
        for place, record in enumerate(content[split]):
            report = record.get("report") if isinstance(record, dict) else None
            if not isinstance(report, str):
                raise MammiError(f'{file}: record {place} of {short(split)!r} must have a text "report".')
            if len(report) > limits().report_mb * MB:
                raise MammiError(
                    f"{file}: record {place} of {short(split)!r} is larger than {limits().report_mb:,} MB "
                    f"({named('report_mb')})."
                )
            yield report
