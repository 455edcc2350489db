"""`goodsflow logs`: the last lines, and the following ones."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from click.testing import CliRunner, Result

from goodsflow.cli.main import cli
from goodsflow.common.errors import GoodsflowError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of 100 lines, in a folder of logs."""
    (tmp_path / "log").mkdir()
    file = tmp_path / "log" / "kafka-0.log"
    file.write_text("".join(f"line {number}\n" for number in range(1, 101)))
    return file


def logs(log: Path, *arguments: str) -> Result:
    """Run the command on the folder of a log."""
    return CliRunner().invoke(cli, ["--home", str(log.parents[1]), "logs", *arguments])


def test_the_last_lines_are_printed(log: Path) -> None:
    """A complete log can have ten megabytes."""
    assert logs(log, "kafka-0").output.splitlines() == [
        f"line {number}" for number in range(51, 101)
    ]
    assert logs(log, "kafka-0", "-n", "2").output == "line 99\nline 100\n"
    assert logs(log, "kafka-0", "-n", "1000").output == log.read_text()


def test_zero_lines_print_nothing(log: Path) -> None:
    """The part never wrote an empty line."""
    assert logs(log, "kafka-0", "-n", "0").output == ""
    log.write_text("")
    assert logs(log, "kafka-0").output == ""
    assert logs(log, "kafka-0", "-n", "-2").exit_code == 2


def test_a_line_that_is_not_complete_is_ended(log: Path) -> None:
    """The shell's prompt would follow it."""
    log.write_text("a\nb")
    assert logs(log, "kafka-0").output == "a\nb\n"


def test_invalid_utf8_is_printed_unchanged(log: Path) -> None:
    """A JVM with another locale can write it."""
    log.write_bytes("часы\n".encode() + b"\xff\xfe\n")
    assert logs(log, "kafka-0").stdout_bytes == "часы\n".encode() + b"\xff\xfe\n"


def test_an_unknown_part_is_reported_with_the_existing_ones(log: Path) -> None:
    """'No such file' would make users look for a path."""
    result = logs(log, "kafka-9")
    assert isinstance(result.exception, GoodsflowError)
    assert "no log of a part 'kafka-9'" in str(result.exception)
    assert str(result.exception).endswith("Existing logs: kafka-0.")


def test_without_a_platform_it_says_that_none_was_started(tmp_path: Path) -> None:
    """There are no parts to list."""
    result = CliRunner().invoke(cli, ["--home", str(tmp_path), "logs", "kafka-0"])
    assert "no platform was started here" in str(result.exception)


class Follower:
    """A real `goodsflow logs -f`, and the lines that it prints."""

    def __init__(self, log: Path) -> None:
        """Start it, with the last two lines."""
        command = [sys.executable, "-m", "goodsflow.cli", "--home"]
        self.process = subprocess.Popen(
            [*command, str(log.parents[1]), "logs", "kafka-0", "-f", "-n", "2"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def next(self, count: int) -> list[str]:
        """Return the next lines."""
        return [self._lines.get(timeout=30) for _ in range(count)]

    def end(self) -> None:
        """Kill it, and read to the end."""
        self.process.kill()
        self.process.communicate()
        self._reader.join(10)


@pytest.fixture
def follower(log: Path) -> Iterator[Follower]:
    """One that has printed the last lines."""
    follower = Follower(log)
    try:
        assert follower.next(2) == ["line 99\n", "line 100\n"]
        yield follower
    finally:
        follower.end()


def test_following_loses_no_line_when_the_log_is_rotated(
    log: Path, follower: Follower
) -> None:
    """The log of a part that writes much is rotated while a user follows it."""
    with log.open("a") as file:
        file.write("часы 1\n")
        file.flush()
        assert follower.next(1) == ["часы 1\n"]
        file.write("the old file's last\n")
    log.rename(log.with_suffix(".log.1"))
    # Longer than the old one, which is how a look at the size alone is deceived.
    log.write_text("the new file's first\n" + "x" * 5000 + "\n")
    assert follower.next(3) == [
        "the old file's last\n",
        "the new file's first\n",
        "x" * 5000 + "\n",
    ]
    log.write_text("new file\n")
    assert follower.next(1) == ["new file\n"]
    assert follower.process.poll() is None
