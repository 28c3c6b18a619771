"""The `mammi` command: help for everything, errors in one line, the exit statuses of the contract."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from mammi_tui import cli as command_line
from mammi_tui.cli import cli
from tests.shared import ROOT
from tests.support.commands import Mammi

COMMANDS = cli.list_commands(click.Context(cli))


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_commands_of_the_contract_are_there() -> None:
    assert {"demo", "run", "open", "show", "concepts", "export", "doctor"} <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_every_option_has_help(name: str) -> None:
    found = command(name)
    assert found.help
    assert len(found.get_short_help_str(limit=200)) > 15
    without = [
        parameter.name for parameter in found.params if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert not without


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_ends_with_status_0(mammi: Mammi, name: str) -> None:
    outcome = mammi(name, "--help")
    assert outcome.status == 0
    assert outcome.out.startswith(f"Usage: mammi {name} ")
    assert "--debug" in outcome.out


def test_help_lists_every_command_with_what_it_does(mammi: Mammi) -> None:
    outcome = mammi("--help")
    assert outcome.status == 0
    lines = outcome.out.splitlines()
    assert all(any(line.split()[:1] == [name] and len(line.split()) > 2 for line in lines) for name in COMMANDS)


def test_version(mammi: Mammi) -> None:
    outcome = mammi("--version")
    assert outcome.status == 0
    assert outcome.out.startswith("mammi ")


def test_without_a_command_the_help_is_shown(mammi: Mammi) -> None:
    outcome = mammi()
    assert outcome.status == 2
    assert "Commands:" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["opne"], "mammi: No such command 'opne'. See `mammi --help`."),
        (["show"], "mammi: Missing argument 'RUN.duckdb'. See `mammi show --help`."),
        (["show", "r", "a:1", "--gamma", "2"], "mammi: No such option '--gamma'"),
        (
            ["show", "r", "a:1", "--alpha", "1.5"],
            "mammi: Invalid value for '--alpha': '1.5' is not a number from 0 to 1.",
        ),
        (
            ["show", "r", "a:1", "--beta", "nan"],
            "mammi: Invalid value for '--beta': 'nan' is not a number from 0 to 1.",
        ),
        (
            ["open", "r", "--images", "pixels"],
            "mammi: Invalid value for '--images' (env var: 'MAMMI_IMAGES'): 'pixels' is not one of",
        ),
    ],
)
def test_wrong_arguments_are_reported_in_one_line_with_status_2(mammi: Mammi, arguments: list[str], said: str) -> None:
    outcome = mammi(*arguments)
    assert outcome.status == 2
    assert outcome.out == ""
    assert outcome.err.startswith(said)
    assert len(outcome.err.splitlines()) == 1


def test_debug_shows_the_traceback_of_a_reported_error(mammi: Mammi, tmp_path: Path) -> None:
    plain = mammi("show", tmp_path / "none.duckdb", "a:1")
    assert "Traceback" not in plain.err
    for arguments in (["--debug", "show"], ["show", "--debug"]):
        outcome = mammi(*arguments, tmp_path / "none.duckdb", "a:1")
        assert outcome.status == 2
        assert "Traceback" in outcome.err
        assert outcome.err.endswith(plain.err)


def test_a_message_cannot_control_the_terminal(mammi: Mammi, tmp_path: Path) -> None:
    outcome = mammi("show", tmp_path / "a\x1b[31m\u202eb.duckdb", "a:1")
    assert outcome.status == 2
    assert "\x1b" not in outcome.err
    assert "\u202e" not in outcome.err


FAILING = """
import sys
from mammi_tui import cli
def broken(*arguments, **options):
    raise {error}
cli.cli.main = broken
sys.argv = ["mammi", "doctor"]
cli.main()
"""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("ZeroDivisionError('a bug')", "mammi: unexpected ZeroDivisionError: a bug (use --debug for the traceback)\n"),
        ("__import__('click').Abort()", "mammi: stopped\n"),
    ],
)
def test_any_other_failure_ends_with_status_1(error: str, said: str) -> None:
    ended = python(FAILING.format(error=error))
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", said)


WARNING = """
import logging, sys, warnings
from mammi_tui import cli
def warning(*arguments, **options):
    logging.info("which would make the root logger print")
    logging.warning("logged\\x1b[31m\\u202e")
    logging.getLogger("a.library").error("told\\x9b2J")
    warnings.warn("warned\\x1b]0;\\a\\nmammi: a line of its own")
    logging.getLogger("engine").warning("ours")
cli.cli.main = warning
sys.argv = ["mammi", "doctor"]
cli.main()
"""


def test_warnings_of_libraries_are_texts_from_outside() -> None:
    ended = python(WARNING)
    assert ended.stderr.splitlines() == [
        *("warning: logged␛[31m�", "warning: told�2J", "warning: warned␛]0;␇ mammi: a line of its own"),
        "warning: ours",
    ]


@pytest.mark.parametrize(
    ("asked", "words"),
    [("bash_complete", {}), ("bash_complete", {"COMP_WORDS": "mammi o", "COMP_CWORD": "x"}), ("bash_\x1b[31m", {})],
)
def test_completion_that_no_shell_asks_for_is_told(
    mammi: Mammi, monkeypatch: pytest.MonkeyPatch, asked: str, words: dict[str, str]
) -> None:
    for name, value in {"_MAMMI_COMPLETE": asked, **words}.items():
        monkeypatch.setenv(name, value)
    outcome = mammi("doctor")
    assert outcome.status == 1
    assert outcome.err.startswith("mammi: _MAMMI_COMPLETE: no shell asks so for completions.\n")


def test_shells_get_completions(mammi: Mammi, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"_MAMMI_COMPLETE": "bash_complete", "COMP_WORDS": "mammi op", "COMP_CWORD": "1"}.items():
        monkeypatch.setenv(name, value)
    assert mammi() == (0, "plain,open\n", "")


def test_a_reader_that_leaves_early_is_no_error(run_path: Path) -> None:
    command = [sys.executable, "-m", "mammi_tui", "show", str(run_path), "layer0:3", "--alpha", "0", "--beta", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as shown:
        assert shown.stdout is not None
        assert shown.stderr is not None
        shown.stdout.close()
        assert shown.stderr.read() == b""
        assert shown.wait(30) == 1


def test_a_module_without_a_command_of_its_name_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_line.importlib, "import_module", lambda name: type("Module", (), {"show": None}))
    with pytest.raises(TypeError, match="is not a click command"):
        command("show")


def test_ctrl_c_before_a_command_has_begun_is_no_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command_line, "_status", interrupted)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    for prepare in ("prepare_outputs", "keep_to_owner", "spell_out"):
        monkeypatch.setattr(command_line, prepare, lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert (ended.value.code, capsys.readouterr().err) == (130, "mammi: stopped\n")
