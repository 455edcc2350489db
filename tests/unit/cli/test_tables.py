"""Tables: what a person sees of long cells, and on narrow terminals."""

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
    """Numbers to the right; nothing is printed behind the last cell."""
    rows = [*ROWS, ("日本", "7", "", "")]
    assert printed(capsys, monkeypatch, 200, rows) == [
        "PART       PID  ADDRESS         REASON",
        "kafka-0  20701  127.0.0.1:9092  it does not answer, and never did so",
        "日本         7",
    ]


def test_the_last_column_goes_on_below_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reason is read best at one place."""
    assert printed(capsys, monkeypatch, 65)[1:] == [
        "kafka-0  20701  127.0.0.1:9092  it does not answer, and never did",
        "                                so",
    ]


@pytest.mark.parametrize("columns", [20, 50, 61])
def test_a_narrow_terminal_cuts_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """The first digits of a PID are another process's."""
    assert printed(capsys, monkeypatch, columns)[1].split() == [
        *ROWS[0][:3],
        *ROWS[0][3].split(),
    ]


def test_one_long_cell_does_not_push_the_others_away(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is marked where it is cut; the last column is whole."""
    long = "x" * 3000
    _, line = printed(capsys, monkeypatch, 10**6, [("a", "1", long, long)])
    assert line == f"a       1  {'x' * 59}…  {long}"


def test_what_moves_a_cursor_is_not_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cells are what shops send."""
    assert printed(capsys, monkeypatch, 99, [("a\x1b[2J", "1", "\r", "\n")])[1:] == [
        "a [2J    1"
    ]
