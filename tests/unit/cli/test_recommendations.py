"""What `goodsflow recommendations` prints."""

from __future__ import annotations

import json

import pytest

from goodsflow.cli.recommendations import _Printer, banner
from goodsflow.model.cards import frame
from goodsflow.model.records import Record


def record(payload: bytes, offset: int = 9) -> Record:
    """Return a record of the topic with this payload."""
    return Record(0, offset, b"1", frame(7, payload))


def test_the_banner_does_not_change() -> None:
    """Users' scripts search for it."""
    assert banner("[0:9]").splitlines() == [
        "========================================",
        "===== New recommendation [0:9] =========",
        "========================================",
    ]


def test_a_card_is_pretty_printed_under_its_banner(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Escaped Cyrillic would be unreadable."""
    printer = _Printer(as_json=False)
    printer.show(record('{"product_id":"1","brand":"Ёлка"}'.encode()))
    assert (
        capsys.readouterr().out.splitlines()[3]
        == "{'brand': 'Ёлка', 'product_id': '1'}"
    )
    assert printer.count == 1


def test_a_deeply_nested_card_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """The schema allows it, and every user would fail at it."""
    nested = b'{"x":' * 400 + b"1" + b"}" * 400
    printer = _Printer(as_json=False)
    printer.show(record(b'{"product_id":"1","extra":' + nested + b"}"))
    assert '"product_id": "1"' in capsys.readouterr().out
    assert printer.count == 1


def test_json_is_one_object_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A lone surrogate, which JSON can contain, must not end the stream."""
    printer = _Printer(as_json=True)
    printer.show(record(b'{"product_id":"1","name":"\\ud800"}'))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "partition": 0,
        "offset": 9,
        "card": {"product_id": "1", "name": "\ud800"},
    }


def test_an_invalid_card_is_reported_and_not_counted(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One bad record must not end the stream."""
    printer = _Printer(as_json=False)
    printer.show(Record(1, 3, b"1", b"junk"))
    printer.show(Record(1, 4, b"1", None))
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("Skipped [1:3]: ")
    assert printer.count == 0
