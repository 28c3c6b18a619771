"""`python -m mammi_tui` is `mammi`."""

from mammi_tui.cli import main

main()
