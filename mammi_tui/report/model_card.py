"""What a report says about the run: the facts and the limits that a reader must know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.annotation.cuts import Cuts
from engine.store.reader import RunReader
from mammi_tui.handing_on.phrases import day
from mammi_tui.report.contents import Fact
from mammi_tui.text import count, in_words
from mammi_tui.verdicts.content import VerdictFile
from mammi_tui.verdicts.who import program_version

CANNOT_SAY = "The evidence says whether a concept is stable and more than chance. It cannot say whether it is right."


def facts(reader: RunReader, cuts: Cuts, file: VerdictFile, identifiers: bool) -> Iterator[Fact]:
    """What was run, and at which cuts it is shown."""
    info = reader.info
    yield "run", f"{reader.path.name} · {info.content_hash}" if identifiers else info.content_hash
    yield "computed", f"{day(info.created)} with {_versions(info.versions) or 'unknown versions'}"
    yield "target model", info.target
    for layer in reader.layers:
        dead = f", {int(layer.dead.sum()):,} dead" if layer.dead.any() else ""
        yield "layer", f"{layer.name}: {count(layer.units, 'unit')}{dead}, pooled by {layer.pooling}"
    yield "VLM", f"{info.vlm}, {info.dimension:,} dimensions"
    if info.parity != "none":
        yield "VLM sees", "the target model's view of a film, as in the paper's code"
    unsubtracted = f" ({info.unsubtracted}: scores are mean cosines)" if info.unsubtracted else ""
    yield "template", f"{info.template or 'none'}{unsubtracted}"
    for each in reader.concept_sets:
        yield "concept set", f"{each.name}: {count(len(each.concepts), 'concept')}"
    yield "probing set", _probing(reader)
    yield "shown at", in_words(cuts) + ("" if cuts == info.cuts else f"; the run's own: {in_words(info.cuts)}")
    yield (
        "verdict log",
        f"{count(len(file.lines), 'line')} on this run"
        + (f"; the hash of its last line is {file.head}" if file.head else ""),
    )
    yield "report", f"MAMMI explorer {program_version()}".rstrip()


def limits(reader: RunReader, warnings: Sequence[str], identifiers: bool) -> Iterator[str]:
    """What limits the use of the annotations."""
    yield CANNOT_SAY
    for layer in reader.layers:
        if layer.untrained:
            yield f"{layer.name} is random: {layer.untrained}. Its annotations mean nothing."
    if identifiers:
        yield from warnings
    elif warnings:
        yield f"{count(len(warnings), 'warning')} of the run {'is' if len(warnings) == 1 else 'are'} left out here."


def _versions(versions: dict[str, str]) -> str:
    return ", ".join(f"{name} {number}" for name, number in versions.items())


def _probing(reader: RunReader) -> str:
    probing = reader.info.config.get("probing")
    kind = str(probing.get("kind", "")) if isinstance(probing, dict) else ""
    patients = len(reader.coded("patient")[0])
    of = f" of {count(patients, 'patient')}" if patients else ""
    aside = len(reader.set_aside())
    return (
        f"{kind}{': ' if kind else ''}{count(reader.image_count, 'image')}{of}"
        f"{f', {aside:,} more set aside' if aside else ''}"
    )
