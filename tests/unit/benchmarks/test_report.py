"""The page of a benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.checks import CheckError
from benchmarks.report import Report


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A page that is not written to the documentation."""
    return Report("trial", "A trial", ("pandas",), tmp_path)


def test_a_table_keeps_integers_and_cuts_decimals_that_say_nothing(
    report: Report,
) -> None:
    """Beside fractions, a DataFrame's integers become fractions: 10.00 files."""
    rows = [
        {"what": "small", "files": 10, "cards/s": 33_319.4, "p50, s": 0.0123},
        {"what": "large", "files": 1_000, "cards/s": 17.0, "p50, s": 2.0},
    ]
    report.table("Rates", rows)
    lines = report.write().read_text().splitlines()
    assert lines[0] == "# A trial"
    assert "`python -m benchmarks trial`" in lines[2]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("| ")
    ]
    assert cells == [
        ["what", "files", "cards/s", "p50, s"],
        ["small", "10", "33,319", "0.01"],
        ["large", "1,000", "17", "2.00"],
    ]
    assert list(report.tables["Rates"]["files"]) == [10, 1_000]


def test_a_table_with_a_gap_is_refused(report: Report) -> None:
    """A figure that was never taken would look like one that is not worth a look."""
    with pytest.raises(CheckError, match="'Rates' has gaps"):
        report.table("Rates", [{"cards/s": float("nan")}])


def test_a_plot_is_written_beside_its_page(report: Report, tmp_path: Path) -> None:
    """A page whose picture is elsewhere shows nothing."""
    report.bars({"one": 1.0, "two": 2.0}, x="cards a second", title="Rates")
    assert "![Rates](trial.svg)" in report.write().read_text()
    assert (tmp_path / "trial.svg").exists()
