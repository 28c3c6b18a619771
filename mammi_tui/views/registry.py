"""The registry of views. A new view adds one line."""

from __future__ import annotations

from mammi_tui.views.base import View
from mammi_tui.views.checkup import CHECKUP
from mammi_tui.views.class_view import CLASS
from mammi_tui.views.compare import COMPARE
from mammi_tui.views.concept import CONCEPT
from mammi_tui.views.concepts import CONCEPTS
from mammi_tui.views.evidence import EVIDENCE
from mammi_tui.views.film import FILM
from mammi_tui.views.films import FILMS
from mammi_tui.views.methods import METHODS

VIEWS: tuple[View, ...] = (
    CONCEPTS,
    EVIDENCE,
    METHODS,
    FILM,
    CONCEPT,
    CHECKUP,
    CLASS,
    FILMS,
    COMPARE,
)
"""In the order of their keys. A subject opens in the first view that takes it."""
