"""The tables of the film view, for other programs."""

from __future__ import annotations

from collections.abc import Sequence

from engine.store.reader import RunReader
from engine.store.records import ImageInfo
from mammi_tui.handing_on.table import Table
from mammi_tui.questions.film import FilmAnswered, SimilarFilm
from mammi_tui.views.film_units import FilmUnits

_FILM = {"image": "INTEGER", "path": "VARCHAR"}


def outputs_table(answer: FilmAnswered) -> Table | None:
    """The outputs of a film beside its labels, in the order shown."""
    columns = {
        **_FILM,
        "class": "VARCHAR",
        "output": "DOUBLE",
        "probability": "DOUBLE",
        "predicted": "BOOLEAN",
        "labelled": "BOOLEAN",
        "kind": "VARCHAR",
    }
    info = answer.info
    rows = [
        (info.image, info.path, each.name, each.value, each.probability, each.predicted, each.labelled, each.kind)
        for each in answer.decision.outputs
    ]
    return Table("outputs", columns, rows) if rows else None


def units_table(info: ImageInfo, number: int | None, reader: RunReader, units: FilmUnits) -> Table | None:
    """The units behind an output of a film, in the order shown."""
    columns = {
        **_FILM,
        "class": "VARCHAR",
        "layer": "VARCHAR",
        "unit": "INTEGER",
        "share": "DOUBLE",
        "annotation": "VARCHAR[]",
    }
    if number is None:
        return None
    rows = [
        (
            *(info.image, info.path, reader.classes[number]),
            reader.layers[each.neuron.layer].name if each.neuron else None,
            int(each.name.rpartition(":")[2]),
            each.share,
            units.annotation(each.neuron),
        )
        for each in units.units
        if each.share is not None
    ]
    return Table("shares", columns, rows) if rows else None


def similar_table(info: ImageInfo, films: Sequence[SimilarFilm]) -> Table | None:
    """The films that the VLM finds like a film, the most similar first."""
    columns = {
        **_FILM,
        "rank": "INTEGER",
        "similar_image": "INTEGER",
        "similar_path": "VARCHAR",
        "cosine": "DOUBLE",
        "same_patient": "BOOLEAN",
        "labels": "VARCHAR[]",
        "predicted": "VARCHAR[]",
    }
    rows = [
        (
            *(info.image, info.path, rank, film.info.image, film.info.path, film.cosine, film.same_patient),
            list(film.info.labels),
            [each.name for each in film.outputs if each.predicted] if film.outputs else None,
        )
        for rank, film in enumerate(films, start=1)
    ]
    return Table("similar", columns, rows) if rows else None
