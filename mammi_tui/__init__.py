"""The explorer: a terminal user interface over a run file. Never imports torch."""
