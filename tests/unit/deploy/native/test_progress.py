"""The progress of a start, on a terminal and in a file."""

from __future__ import annotations

import re
import threading
from io import StringIO

import pytest
from rich.console import Console

from goodsflow.deploy.native.progress import Progress


def shown(output: StringIO) -> list[str]:
    """Return the lines without their times."""
    lines = output.getvalue().splitlines()
    return [re.sub(r"^ *\d+\.\d s | \(\d+\.\d s\)", "", line) for line in lines]


def test_in_a_file_each_step_has_a_line_at_its_start_and_end() -> None:
    """A live table would fill a CI log with escape codes."""
    output = StringIO()
    with Progress(Console(file=output, width=40)) as progress:
        progress.add("kafka-0", "kafka-1")
        progress.begin("kafka-0", "starts")
        progress.note("kafka-0", "does not answer")
        progress.begin("kafka-1", "starts")
        progress.done("kafka-0")
        progress.failed("kafka-1", "a reason\n  on two lines, and so long " + "x" * 80)
    assert shown(output) == [
        "… kafka-0: starts",
        "… kafka-1: starts",
        "✓ kafka-0",
        "✗ kafka-1: a reason on two lines, and so long " + "x" * 80,
    ]
    assert "\x1b" not in output.getvalue()


def test_text_in_brackets_is_not_markup() -> None:
    """As markup, text in brackets would vanish or raise an error."""
    output = StringIO()
    with Progress(Console(file=output)) as progress:
        progress.begin("step", "[bold] [/nothing] 127.0.0.1:[1]")
    assert shown(output) == ["… step: [bold] [/nothing] 127.0.0.1:[1]"]


def test_a_step_that_ends_without_a_start_is_shown() -> None:
    """A step with nothing to do must not break the start."""
    output = StringIO()
    with Progress(Console(file=output)) as progress:
        progress.done("sensors", "on")
    assert shown(output) == ["✓ sensors: on"]


def test_a_repeated_step_has_its_last_duration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A restart after a minute would seem to have taken a minute."""
    now = 0.0
    monkeypatch.setattr("goodsflow.deploy.native.progress.time.monotonic", lambda: now)
    output = StringIO()
    with Progress(Console(file=output)) as progress:
        for begin, end in ((0.0, 2.0), (60.0, 63.0)):
            now = begin
            progress.begin("kafka-1")
            now = end
            progress.done("kafka-1")
    lines = output.getvalue().splitlines()
    assert [line.split("kafka-1")[1] for line in lines] == [
        "",
        " (2.0 s)",
        "",
        " (3.0 s)",
    ]


def test_on_a_terminal_steps_may_be_added_while_it_is_drawn() -> None:
    """It draws in its own thread, which an added step must not break."""
    output = StringIO()
    console = Console(file=output, force_terminal=True, width=80, height=2000)
    stop = threading.Event()
    failures: list[BaseException] = []

    def draw() -> None:
        while not stop.is_set():
            try:
                progress._table()
            except RuntimeError as error:
                failures.append(error)
                return

    with Progress(console) as progress:
        painter = threading.Thread(target=draw)
        painter.start()
        for number in range(300):
            progress.begin(f"step {number}")
        stop.set()
        painter.join(10)
    assert failures == []
    assert "step 299" in output.getvalue()
