"""`mammi`, and `python -m mammi_tui`."""

import signal


def main() -> None:
    """Loads the program, and runs this process's command line. Until signals are seen, Ctrl-C ends it as any other."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as in the background
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from mammi_tui.cli import main as run

    run()


if __name__ == "__main__":
    main()
