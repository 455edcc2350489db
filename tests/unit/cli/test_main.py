"""The command line as a whole: its commands, its help, its errors."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from goodsflow.cli.main import COMMAND_GROUPS, COMMANDS, cli, main
from goodsflow.common.errors import GoodsflowError

HEAVY = {"pyspark", "duckdb", "pandas", "faust", "dagster", "confluent_kafka"}
ASK_FOR_HELP = """
import json, sys
from goodsflow.cli.main import cli
cli(["--help"], standalone_mode=False)
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def run_main(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> object:
    """Run the command line in this process; return its exit status."""
    monkeypatch.setattr(sys, "argv", ["goodsflow", *arguments])
    with pytest.raises(SystemExit) as caught:
        main()
    return caught.value.code


def test_help_is_quick_and_lists_every_command() -> None:
    """One command module that imports Spark makes every call take seconds."""
    done = subprocess.run(
        [sys.executable, "-c", ASK_FOR_HELP],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    after_options = done.stdout.partition("Options:")[2].partition("\n\n")[2]
    listed = [line for line in after_options.splitlines() if line.startswith("  ")]
    assert [line.split()[0] for line in listed] == list(COMMANDS)
    assert all(len(line.split()) > 3 for line in listed), "a command has no help"
    assert all(line.endswith(".") and "..." not in line for line in listed), "cut off"
    headings = [line[:-1] for line in after_options.splitlines() if line[-1:] == ":"]
    assert headings == list(COMMAND_GROUPS)
    imported = {name.partition(".")[0] for name in json.loads(done.stderr)}
    assert imported & HEAVY == set()


def test_a_search_imports_only_what_it_uses() -> None:
    """Most of a search's time goes into imports; a quarter of that was pydantic's."""
    used = (
        "goodsflow.cli.search",
        "goodsflow.pipeline.search.events",
        "goodsflow.pipeline.search.index",
    )
    names = ", ".join((*used, "goodsflow.pipeline.search.embedded"))
    script = f"import json, sys, {names}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=240,
    )
    imported = {name.partition(".")[0] for name in json.loads(done.stdout)}
    assert imported & HEAVY == {"confluent_kafka"}
    assert "_duckdb" in imported, "without its package, which takes longer than itself"
    assert imported & {"pydantic", "httpx2", "requests", "pyarrow", "numpy"} == set()


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str) -> None:
    """A command whose module was renamed fails when it is named, not before."""
    result = CliRunner().invoke(cli, [command, "--help"])
    assert result.exit_code == 0, result.output
    assert f"Usage: cli {command}" in result.output
    described = result.output.partition("Options:")[2].splitlines()
    assert described


def test_an_unknown_command_is_wrong_usage() -> None:
    """Scripts distinguish it from a failure by the exit status."""
    result = CliRunner().invoke(cli, ["launch"])
    assert result.exit_code == 2
    assert "No such command 'launch'" in result.output


def test_an_expected_failure_is_one_line_and_exit_status_1(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A traceback hides what to do next."""
    home = tmp_path / "nowhere"
    status = run_main(
        monkeypatch, "--home", str(home), "client-config", "inbound", "admin"
    )
    captured = capsys.readouterr()
    assert status == 1
    assert captured.out == ""
    assert captured.err.startswith("Error: No platform has been started here: ")
    assert str(home / "endpoints.json") in captured.err
    assert len(captured.err.splitlines()) == 1
    assert not home.exists()


def test_debug_shows_where_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A developer needs the traceback."""
    arguments = ["--debug", "--home", str(tmp_path / "nowhere")]
    monkeypatch.setattr(
        sys, "argv", ["goodsflow", *arguments, "client-config", "inbound", "admin"]
    )
    with pytest.raises(GoodsflowError, match="No platform"):
        main()


@pytest.mark.parametrize(
    "command",
    [
        ["logs", "kafka-0"],
        ["search", "--name", "JKL"],
        ["recommendations"],
        ["shop-api", "--count", "1"],
    ],
)
def test_a_client_without_a_platform_says_how_to_start_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    """This is the first mistake on a new machine."""
    status = run_main(monkeypatch, "--home", str(tmp_path / "nowhere"), *command)
    captured = capsys.readouterr()
    assert status == 1
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert "start" in captured.err
    assert not (tmp_path / "nowhere").exists()


def test_the_folder_comes_from_the_environment_unless_it_is_given(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The parts have it in their environment; the option overrides it."""
    monkeypatch.setenv("GOODSFLOW_HOME", str(tmp_path / "environment"))
    assert run_main(monkeypatch, "client-config", "inbound", "admin") == 1
    assert f"{tmp_path}/environment/endpoints.json" in capsys.readouterr().err
    option = ["--home", str(tmp_path / "option")]
    assert run_main(monkeypatch, *option, "client-config", "inbound", "admin") == 1
    assert f"{tmp_path}/option/endpoints.json" in capsys.readouterr().err


def test_a_home_that_is_a_file_is_wrong_usage(tmp_path: Path) -> None:
    """Nothing is written over it."""
    (tmp_path / "file").write_text("kept")
    result = CliRunner().invoke(cli, ["--home", str(tmp_path / "file"), "status"])
    assert result.exit_code == 2
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("command", [["down"], ["clean", "--yes"]])
def test_stopping_a_platform_that_was_never_started_succeeds(
    tmp_path: Path, command: list[str]
) -> None:
    """A clean-up script must not fail, and nothing may be created."""
    home = tmp_path / "nowhere"
    result = CliRunner().invoke(cli, ["--home", str(home), *command])
    assert result.exit_code == 0, result.output
    assert not home.exists()


def test_clean_asks_first(tmp_path: Path) -> None:
    """One wrong word would otherwise delete all topics and files."""
    (tmp_path / "run").mkdir()
    result = CliRunner().invoke(cli, ["--home", str(tmp_path), "clean"], input="n\n")
    assert result.exit_code == 1
    assert f"Delete {tmp_path} with all topics" in result.output
    assert (tmp_path / "run").exists()


def test_clean_deletes_only_a_platforms_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--home ~` is an easy mistake."""
    (tmp_path / "letters").mkdir()
    status = run_main(monkeypatch, "--home", str(tmp_path), "clean", "--yes")
    assert status == 1
    assert "does not look like a platform's folder" in capsys.readouterr().err
    assert (tmp_path / "letters").exists()


def test_an_invalid_port_offset_is_reported_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ports end at 65535."""
    home = ["--home", str(tmp_path / "home")]
    assert run_main(monkeypatch, *home, "up", "--port-offset", "60000") == 1
    assert "--port-offset 60000 is out of range" in capsys.readouterr().err
    assert run_main(monkeypatch, *home, "up", "--port-offset", "-1") == 2
    assert not (tmp_path / "home").exists()


def test_a_full_disk_is_one_message() -> None:
    """Redirecting a long output into a file hits it first."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "goodsflow.cli", "client-config", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=240,
        )
    assert done.returncode == 1
    assert done.stderr == "Error: No space left on device\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("search", "--max-price", "nan"),
        ("search", "--name", "x", "--timeout", "inf"),
        ("shop-api", "--rate", "nan"),
        ("shop-api", "--malformed", "nan"),
    ],
)
def test_nan_and_infinity_are_usage_errors(arguments: tuple[str, ...]) -> None:
    """No bound excludes NaN: each comparison with it is false."""
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 2
    assert "is not a finite number" in result.output


@pytest.mark.parametrize("command", ["shop-api", "blocklist", "dead-letters"])
def test_examples_in_a_help_have_their_own_lines(command: str) -> None:
    """Click wraps every paragraph that is not marked."""
    output = CliRunner().invoke(cli, [command, "--help"]).output
    assert "\\b" not in output
    examples = [line for line in output.splitlines() if f"goodsflow {command}" in line]
    assert len(examples) >= 3
