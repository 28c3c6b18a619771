"""The keys of a user's own table of films: which columns hold what, and how their cells are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

from engine.probing.cells import Meaning
from engine.probing.labels import Uncertain
from engine.probing.run_lengths import MASK_SIDE
from engine.text_files import Encoding, TextFiles

Four = tuple[str, str, str, str]


class TableOptions(BaseModel, extra="forbid", frozen=True):
    """The keys of every kind of probing set that reads the user's own table. A film may have several rows."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """The character between two columns; by default a comma or, where the header has none, a semicolon or a tab"""
    encoding: Encoding | None = None
    """The file's encoding, such as "cp1252"; by default UTF-8, or what its byte order mark says"""
    path_column: str = "path"
    """The column of a film's path, or of its file name, with or without suffix"""
    folder_column: str | None = None
    """The column of the folder that a film's path starts from, such as PadChest's ImageDir"""
    labels_column: str = "labels"
    """The column of all labels of a row: a list as Python or JSON write it, or labels with a `separator` between"""
    separator: Annotated[str, Field(min_length=1)] | None = None
    """By default | or ;"""
    label_columns: tuple[str, ...] = ()
    """Or one column for each label, with 1 or yes, 0 or no, -1 or uncertain, … (engine.probing.cells), or nothing"""
    words: Mapping[str, Meaning] = Field(default_factory=dict)
    """Your own words in `label_columns`: word = "present", "absent", "uncertain", or "" where nothing is said"""
    uncertain: Uncertain = "zeros"
    """What an uncertain label means: "zeros" absent, "ones" present; "ignore" leaves the film out"""
    box_columns: Four | None = None
    """The columns of a box: left, top, width, height, in pixels of the film. The box is that of the row's labels."""
    corner_columns: Four | None = None
    """Or the columns of its corners: left, top, right, bottom"""
    mask_column: str | None = None
    """A column of masks as run lengths (engine.probing.masks), with -1 for none"""
    mask_label: str | None = None
    """The label of a film with a mask"""
    drawn_side: int | None = Field(default=None, ge=1, le=1 << 16)
    """The side of the square films that boxes and masks were drawn on, where films here have another size. The default
    for masks is 1024."""
    size_columns: tuple[str, str] | None = None
    """Or the columns of the width and height of the film that a row's box was drawn on"""

    @model_validator(mode="after")
    def _one_way_of_each(self) -> Self:
        if self.label_columns and "labels_column" in self.model_fields_set:
            raise ValueError("labels_column and label_columns are two ways to give the same labels; keep one of them")
        if self.box_columns and self.corner_columns:
            raise ValueError("box_columns and corner_columns are two ways to give the same boxes; keep one of them")
        if bool(self.mask_column) != bool(self.mask_label):
            raise ValueError("mask_column and mask_label belong together; give both of them")
        if self.size_columns and (self.drawn_side or self.mask_column):
            raise ValueError("size_columns is for boxes alone; masks, and boxes of one size, have drawn_side")
        if (self.size_columns or self.drawn_side) and not (self.box_columns or self.corner_columns or self.mask_column):
            raise ValueError("size_columns and drawn_side need box_columns, corner_columns or mask_column")
        for word, meaning in self.words.items():
            if any(other.casefold() == word.casefold() and self.words[other] != meaning for other in self.words):
                raise ValueError(f"words: {word!r} has two meanings, as upper and lower case are the same")
        if self.words and not self.label_columns:
            raise ValueError("words are those of label_columns; give these too")
        return self

    @property
    def name_column(self) -> str:
        """The column that names a row's film."""
        return self.path_column

    @property
    def side(self) -> int | None:
        """The side of the films that boxes and masks are drawn on as they are read; None for the films as they are.
        Boxes with a size of their own are read as parts of it."""
        return 1 if self.size_columns else self.drawn_side or (MASK_SIDE if self.mask_column else None)

    def texts(self) -> TextFiles:
        """Reads the file in its encoding."""
        return TextFiles(self.encoding, "probing.encoding")
