"""What was measured, as a page with tables and as a plot, under ``docs/benchmarks``."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil

from goodsflow.model.endpoints import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "benchmarks"


class Report:
    """A page in the making; each table is printed as it comes.

    Args:
        name: Of the files.
        title: Of the page.
        command: What makes it again.
        packages: Whose versions matter.
    """

    def __init__(
        self, name: str, title: str, command: str, packages: Sequence[str] = ()
    ) -> None:
        self._name = name
        self._plots = 0
        versions = ", ".join(f"{each} {version(each)}" for each in packages)
        memory = psutil.virtual_memory().total / 2**30
        load = os.getloadavg()[0]
        machine = (
            f"{os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f} before, "
            f"{_loop_seconds():.2f} s for ten million turns of an empty Python loop"
        )
        if versions:
            versions = f", {versions}"
        today = datetime.now(UTC).date()
        python = f"Python {platform.python_version()}{versions}"
        measured = f"Measured by `{command}` on {today}: {machine}, {python}."
        self._lines = [f"# {title}", "", measured]

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._add("", text)

    def table(self, heading: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Add a table; the columns are those of the first row."""
        columns = list(rows[0])
        lines = [columns, ["---"] * len(columns)]
        lines += [[_cell(row[column]) for column in columns] for row in rows]
        self._add(
            "", f"## {heading}", "", *(f"| {' | '.join(line)} |" for line in lines)
        )

    def plot(
        self,
        series: Mapping[str, Sequence[tuple[float, float]]],
        *,
        x: str,
        y: str,
        title: str,
    ) -> None:
        """Draw lines, both axes logarithmic, beside the page, and show them in it."""
        with self._drawing(title, height=4) as axes:
            for name, points in series.items():
                axes.plot(*zip(*points, strict=True), marker="o", label=name)
            axes.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
            axes.legend()

    def bars(self, values: Mapping[str, float], *, x: str, title: str) -> None:
        """Draw bars beside the page, the first on top, and show them in it."""
        with self._drawing(title, height=0.8 + 0.5 * len(values)) as axes:
            drawn = axes.barh(list(values), list(values.values()))
            axes.bar_label(drawn, fmt="{:,.4g}", padding=3)
            axes.margins(x=0.15)
            axes.invert_yaxis()
            axes.set(xlabel=x)

    @contextmanager
    def _drawing(self, title: str, height: float) -> Iterator[Any]:
        import matplotlib as mpl

        mpl.use("svg")
        from matplotlib import pyplot as plt

        # Without a date and random names in it, the same figures make the same file.
        mpl.rcParams["svg.hashsalt"] = "goodsflow"
        figure, axes = plt.subplots(figsize=(7, height))
        yield axes
        axes.set(title=title)
        axes.grid(visible=True, alpha=0.3)
        figure.tight_layout()
        FOLDER.mkdir(exist_ok=True)
        self._plots += 1
        number = f"-{self._plots}" if self._plots > 1 else ""
        file = f"{self._name}{number}.svg"
        figure.savefig(FOLDER / file, metadata={"Date": None})
        plt.close(figure)
        self._lines += ["", f"![{title}]({file})"]

    def write(self) -> None:
        """Write the page."""
        FOLDER.mkdir(exist_ok=True)
        path = FOLDER / f"{self._name}.md"
        path.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        print(f"\nwritten to {path.relative_to(PROJECT_ROOT)}")

    def _add(self, *lines: str) -> None:
        self._lines += lines
        print("\n".join(lines), flush=True)


def _loop_seconds() -> float:
    """Return what tells one machine's pages from another's: processors differ most."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(10_000_000):
            pass
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
