"""Showing the progress of a start: a live table on a terminal, otherwise lines."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Literal, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

StepState = Literal["waiting", "working", "done", "failed"]

_MARKS: dict[StepState, tuple[str, str]] = {
    "waiting": ("·", "dim"),
    "working": ("…", "yellow"),
    "done": ("✓", "green"),
    "failed": ("✗", "bold red"),
}


class Progress:
    """The steps of a start, each with its state, its duration and a note.

    On a terminal, the table is redrawn in place. Elsewhere, each step prints one line
    when it starts and one when it ends. Everything goes to standard error.
    """

    def __init__(self, console: Console) -> None:
        """Prepare the display without showing it."""
        self._console = console
        self._began = time.monotonic()
        self._states: dict[str, StepState] = {}
        self._notes: dict[str, str] = {}
        self._started: dict[str, float] = {}
        self._ended: dict[str, float] = {}
        self._live = Live(
            get_renderable=self._table,
            console=console,
            refresh_per_second=4,
            transient=True,
        )

    def __enter__(self) -> Self:
        """Start to show the steps."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop showing them."""
        if self._console.is_terminal:
            self._live.stop()

    @property
    def elapsed_seconds(self) -> float:
        """The time since the start began."""
        return time.monotonic() - self._began

    def add(self, *steps: str) -> None:
        """Add steps that will follow."""
        for step in steps:
            self._states[step] = "waiting"

    def begin(self, step: str, note: str = "") -> None:
        """Mark a step as running; one that has ended starts again."""
        self._states[step] = "working"
        if self._ended.pop(step, None) is not None:
            del self._started[step]
        self._started.setdefault(step, time.monotonic())
        self.note(step, note)
        self._line(step)

    def note(self, step: str, note: str) -> None:
        """Set a step's note, such as what it is waiting for."""
        self._notes[step] = " ".join(note.split())

    def done(self, step: str, note: str = "") -> None:
        """Mark a step as complete."""
        self._end(step, "done", note)

    def failed(self, step: str, note: str = "") -> None:
        """Mark a step as failed."""
        self._end(step, "failed", note)

    def _end(self, step: str, state: StepState, note: str) -> None:
        self._states[step] = state
        self._ended[step] = time.monotonic()
        self._started.setdefault(step, self._ended[step])
        self.note(step, note)
        self._line(step)

    def _seconds(self, step: str) -> float | None:
        if step not in self._started:
            return None
        return self._ended.get(step, time.monotonic()) - self._started[step]

    def _line(self, step: str) -> None:
        if self._console.is_terminal:
            return
        mark, _ = _MARKS[self._states[step]]
        seconds = self._seconds(step)
        took = f" ({seconds:.1f} s)" if step in self._ended and seconds else ""
        note = f": {self._notes[step]}" if self._notes.get(step) else ""
        self._console.print(
            Text(f"{self.elapsed_seconds:6.1f} s {mark} {step}{took}{note}"),
            soft_wrap=True,
        )

    def _table(self) -> Table:
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(width=1)
        table.add_column(no_wrap=True)
        table.add_column(justify="right", width=8)
        table.add_column(style="dim", overflow="ellipsis", no_wrap=True)
        # A copy, because the display draws in a thread while steps are added.
        for step, state in list(self._states.items()):
            mark, style = _MARKS[state]
            seconds = self._seconds(step)
            table.add_row(
                Text(mark, style=style),
                step,
                f"{seconds:.1f} s" if seconds is not None else "",
                Text(self._notes.get(step, "")),
            )
        table.add_row("", Text("total", style="bold"), f"{self.elapsed_seconds:.1f} s")
        return table
