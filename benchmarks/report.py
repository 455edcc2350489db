"""The figures of a benchmark: a page with tables and plots, in ``docs/benchmarks``."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
from pandas.api.types import is_numeric_dtype

from benchmarks.checks import check
from goodsflow.model.endpoints import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "benchmarks"

_LARGE = 100
"""From here on, decimals of a figure say nothing."""


class Report:
    """A page in the making; each table is printed as it comes.

    Args:
        name: Of the files.
        title: Of the page.
        packages: Whose versions matter.
        folder: Where the page and its plots go.

    Attributes:
        tables: The figures so far, by their heading.
    """

    def __init__(
        self, name: str, title: str, packages: Sequence[str] = (), folder: Path = FOLDER
    ) -> None:
        self.tables: dict[str, pd.DataFrame] = {}
        self._name = name
        self._folder = folder
        self._plots = 0
        versions = "".join(f", {each} {version(each)}" for each in packages)
        memory = psutil.virtual_memory().total / 2**30
        machine = (
            f"{os.cpu_count()} cores, {memory:.0f} GiB, load {os.getloadavg()[0]:.1f} "
            f"before, {_loop_seconds():.2f} s for ten million turns of an empty Python "
            "loop"
        )
        today = datetime.now(UTC).date()
        python = f"Python {platform.python_version()}{versions}"
        command = f"python -m benchmarks {name}"
        measured = f"Measured by `{command}` on {today}: {machine}, {python}."
        self._lines = [f"# {title}", "", measured]

    def text(self, text: str) -> None:
        """Add a paragraph."""
        self._add("", text)

    def table(self, heading: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Add a table.

        Raises:
            CheckError: A figure is missing, or is not a number.
        """
        table = pd.DataFrame(rows)
        check(not table.isna().to_numpy().any(), f"'{heading}' has gaps:\n{table}")
        self.tables[heading] = table
        decimals = [_decimals(table[column]) for column in table]
        # As objects: else integers beside floats would become floats.
        markdown = table.astype(object).to_markdown(
            index=False, intfmt=",", floatfmt=decimals
        )
        self._add("", f"## {heading}", "", markdown)

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
        self._folder.mkdir(exist_ok=True)
        self._plots += 1
        number = f"-{self._plots}" if self._plots > 1 else ""
        file = f"{self._name}{number}.svg"
        figure.savefig(self._folder / file, metadata={"Date": None})
        plt.close(figure)
        self._lines += ["", f"![{title}]({file})"]

    def write(self) -> Path:
        """Write the page, and return where it is."""
        self._folder.mkdir(exist_ok=True)
        path = self._folder / f"{self._name}.md"
        path.write_text("\n".join(self._lines) + "\n", encoding="utf-8")
        return path

    def _add(self, *lines: str) -> None:
        self._lines += lines
        print("\n".join(lines), flush=True)


@cache
def _loop_seconds() -> float:
    """Return what tells one machine's pages from another's: processors differ most."""
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        for _ in range(10_000_000):
            pass
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _decimals(column: pd.Series[Any]) -> str:
    is_large = is_numeric_dtype(column) and column.max() >= _LARGE
    return ",.0f" if is_large else ",.2f"
