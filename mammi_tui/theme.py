"""The explorer's own themes, one dark and one light. Every Textual theme works too."""

from __future__ import annotations

from textual.theme import Theme

READING_ROOM = Theme(
    name="mammi-dark",
    primary="#6aaed6",
    secondary="#8fb8a8",
    accent="#e3b565",
    success="#86c28b",
    warning="#e3b565",
    error="#e0857b",
    foreground="#d3dbe2",
    background="#0f1317",
    surface="#141a20",
    panel="#1d262e",
    dark=True,
    variables={
        "border": "#6aaed6",
        "border-blurred": "#33404b",
        "block-cursor-background": "#28567a",
        "block-cursor-foreground": "#f2f6f9",
        "block-cursor-blurred-background": "#2a2e32",
        "footer-key-foreground": "#e3b565",
        "text-accent": "#e3b565",
        "text-warning": "#e3b565",
        "footer-background": "#141a20",
        "scrollbar": "#33404b",
        "scrollbar-background": "#141a20",
    },
)

DAYLIGHT = Theme(
    name="mammi-light",
    primary="#1c6a99",
    secondary="#3f7566",
    accent="#8a5a00",
    success="#2b7541",
    warning="#8a5a00",
    error="#ad3b31",
    foreground="#1d252c",
    background="#f3f4f1",
    surface="#fbfbf9",
    panel="#e6e9e6",
    dark=False,
    variables={
        "border": "#1c6a99",
        "border-blurred": "#c3cac8",
        "block-cursor-background": "#c3dff0",
        "block-cursor-foreground": "#10181f",
        "block-cursor-blurred-background": "#e2e8ea",
        "footer-key-foreground": "#8a5a00",
        "text-accent": "#8a5a00",
        "text-warning": "#8a5a00",
        "footer-background": "#e6e9e6",
        "scrollbar": "#b4bdbb",
        "scrollbar-background": "#eceeeb",
    },
)
