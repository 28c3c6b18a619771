"""The `mammi` command: finds its subcommands in mammi_tui/commands, and reports an error in one or two lines."""

from __future__ import annotations

import errno
import importlib
import pkgutil
import signal
import sys
import traceback
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from engine.errors import MammiError, disk_fault, first_line, refusal
from engine.own_files import keep_to_owner
from mammi_tui import commands
from mammi_tui.console.say import say
from mammi_tui.engine_warnings import library_warnings_to, warnings_to
from mammi_tui.outputs import OutputFailed, leave_outputs, prepare_outputs
from mammi_tui.spelling import spell_out
from mammi_tui.terminal.stopping import Stop, Stopping
from mammi_tui.terminal.watch import Watch, watching


@dataclass
class Settings:
    """Settings of the whole process."""

    debug: bool = False
    watch: Watch | None = None
    """Sees signals; None where the system cannot"""


def _set_debug(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Settings).debug = True


def _show_version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    from importlib.metadata import PackageNotFoundError, version

    if value:
        try:
            say(f"mammi {version('mammi-explorer')}")
        except PackageNotFoundError:
            say("mammi (not installed: run from its folder)")
        context.exit()


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        callback=_set_debug,
        help="Show the traceback of an error.",
    )


class CommandFolder(click.Group):
    """One command for each module of mammi_tui/commands, imported when it is called."""

    def _main_shell_completion(self, *arguments: Any, **options: Any) -> None:
        """Answers a shell that asks for completions, and ends. Raises MammiError where it asks for something else."""
        fault, then = "_MAMMI_COMPLETE: no shell asks so for completions.", "Unset this variable to run mammi."
        try:
            super()._main_shell_completion(*arguments, **options)
        except (KeyError, ValueError) as error:  # of COMP_WORDS and COMP_CWORD
            raise MammiError(fault, then) from error
        except SystemExit as ended:
            if ended.code:
                raise MammiError(fault, then) from None
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"{commands.__name__}.{cmd_name}"), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"mammi_tui.commands.{cmd_name}.{cmd_name} is not a click command")
        for each in (command, *(command.commands.values() if isinstance(command, click.Group) else ())):
            if not any(parameter.name == "debug" for parameter in each.params):
                each.params.append(_debug_option())
        return command


@click.group(
    cls=CommandFolder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_show_version,
            help="Show the version and exit.",
        ),
        _debug_option(),
    ],
)
def cli() -> None:
    """Describe in a radiologist's words what each neuron of a chest X-ray classifier responds to (MAMMI).

    Start with `mammi demo`.
    """


def main() -> None:
    """Runs this process's command line and exits.

    The status is 0 on success, 2 on bad arguments or configuration, 128 and its number after a signal, and 1 on any
    other failure.
    """
    settings = Settings()
    sys.excepthook = partial(_unexpected, settings)
    try:
        prepare_outputs()
        keep_to_owner()
        spell_out(sys.stdout, sys.stderr)
        status = _status(settings)
        sys.stdout.flush()
    except KeyboardInterrupt:  # signals are watched only while a command runs
        _say("stopped")
        status = 128 + signal.SIGINT
    except OutputFailed as error:
        if error.errno != errno.EPIPE:  # else nobody reads on
            _say(f"standard output: cannot be written: {disk_fault(error) or first_line(error.strerror)}.")
        leave_outputs()
        status = 1
    sys.exit(status)


def _status(settings: Settings) -> int:
    """Runs the command line, tells its error, and returns the exit status."""
    stopping = Stopping()
    try:
        Path.cwd()  # where it is gone, this says so; libraries end the process
        note = partial(say, err=True)
        with warnings_to(note), library_warnings_to(note), watching(stopping) as settings.watch:
            status = cli.main(prog_name="mammi", obj=settings, standalone_mode=False)
        return status if isinstance(status, int) else 0
    except MammiError as error:
        if settings.debug:
            _say_trace(error)
        _say(str(error))
        return error.exit_status
    except click.exceptions.NoArgsIsHelpError as error:
        say(*error.format_message().splitlines(), err=True)
        return 2
    except click.ClickException as error:
        _say(_usage(error))
        return error.exit_code
    except click.Abort as abort:
        _say("stopped")
        return abort.__cause__.status if isinstance(abort.__cause__, Stop) else 1
    except Stop as stop:  # outside of any command
        _say("stopped")
        return stop.status
    except OutputFailed:
        raise
    except Exception as error:
        # Libraries have error types of their own for what the operating system refuses them.
        # They also have some of their own for a signal that came in the midst of their work.
        refused = refusal(error)
        if settings.debug or not (refused or stopping.status):
            raise
        _say("stopped" if stopping.status else f"{refused}.")
        return stopping.status or 1


def _usage(error: click.ClickException) -> str:
    """One line: what is wrong with the command line, and which help to read."""
    message = " ".join(error.format_message().split()).rstrip(".") + "."
    context = getattr(error, "ctx", None)
    return f"{message} See `{context.command_path} --help`." if context else message


def _say(message: str) -> None:
    first, *more = [line for line in message.split("\n") if line.strip()] or ["unknown error"]
    say(f"mammi: {first}", *more, err=True)


def _say_trace(error: BaseException) -> None:
    say(*"".join(traceback.format_exception(error)).splitlines(), err=True)


def _unexpected(
    settings: Settings, kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    """Reports, as sys.excepthook, an error in MAMMI's own code. The interpreter then exits with status 1."""
    if settings.debug:
        _say_trace(error)
    else:
        _say(f"unexpected {kind.__name__}: {error} (use --debug for the traceback)")
