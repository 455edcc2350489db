"""`goodsflow dead-letters`, as far as it needs no platform."""

import pytest

from goodsflow.cli.dead_letters import KINDS as CHOICES
from goodsflow.cli.dead_letters import _print_letter, _text
from goodsflow.model.dead_letters import DeadLetter
from goodsflow.model.records import Record
from goodsflow.pipeline.filter.filtering import KINDS


def test_letters_can_be_filtered_by_every_kind() -> None:
    """The command has its own list of kinds, as the filter takes long to import."""
    assert (*KINDS, "unknown") == CHOICES


def test_a_dead_letter_cannot_move_the_terminals_cursor(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Headers and quotes in errors come from a shop."""
    forged = "\x1b]0;owned\x07\x9b2J\u202e"
    headers = ((forged, forged.encode()), ("goodsflow.error", forged.encode()))
    record = Record(0, 1, forged.encode(), forged.encode(), headers)
    _print_letter(DeadLetter.from_record(record))
    shown = capsys.readouterr().out
    assert "owned" in shown
    assert all(line.isprintable() for line in shown.splitlines())


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("Умные часы".encode(), "Умные часы"),
        ("аб".encode()[:3], "а … (4 bytes)"),
        (b"\xd0\xff", r"\xd0\xff"),
        ("{\n Ё\x1b}".encode(), r"{\n Ё\x1b}"),
        (None, "none"),
        (b"", ""),
    ],
)
def test_text_is_shown_as_text(data: bytes | None, shown: str) -> None:
    """The operator wants to read cards that do not match their schema."""
    if shown.endswith("bytes)"):
        data = "аб".encode()
    assert _text(data, 3 if shown.endswith("bytes)") else 100) == shown
