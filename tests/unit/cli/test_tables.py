"""Tables: alignment, long cells and narrow terminals."""

from __future__ import annotations

import pytest

from goodsflow.cli import tables

ROWS = [("kafka-0", "20701", "127.0.0.1:9092", "it does not answer, and never did so")]


def printed(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: int,
    rows: list[tuple[str, ...]] = ROWS,
) -> list[str]:
    """Return the lines of a table on a terminal of so many columns."""
    monkeypatch.setattr(tables, "_terminal_width", lambda: columns)
    tables.print_table(("PART", "PID", "ADDRESS", "REASON"), rows, right={"PID"})
    return capsys.readouterr().out.splitlines()


def test_columns_are_aligned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers are right-aligned, and nothing follows the last cell."""
    rows = [*ROWS, ("日本", "7", "", "")]
    assert printed(capsys, monkeypatch, 200, rows) == [
        "PART       PID  ADDRESS         REASON",
        "kafka-0  20701  127.0.0.1:9092  it does not answer, and never did so",
        "日本         7",
    ]


def test_the_last_column_is_wrapped_within_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reason is easiest to read in one block."""
    assert printed(capsys, monkeypatch, 65)[1:] == [
        "kafka-0  20701  127.0.0.1:9092  it does not answer, and never did",
        "                                so",
    ]


@pytest.mark.parametrize("columns", [20, 50, 61])
def test_a_narrow_terminal_cuts_nothing_off(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """The first digits of a PID would name another process."""
    assert printed(capsys, monkeypatch, columns)[1].split() == [
        *ROWS[0][:3],
        *ROWS[0][3].split(),
    ]


def test_a_long_cell_is_shortened(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cut is marked, and the last column is complete."""
    long = "x" * 3000
    _, line = printed(capsys, monkeypatch, 10**6, [("a", "1", long, long)])
    assert line == f"a       1  {'x' * 59}…  {long}"


def test_control_characters_are_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells contain what shops send."""
    assert printed(capsys, monkeypatch, 99, [("a\x1b[2J", "1", "\r", "\n")])[1:] == [
        "a [2J    1"
    ]
