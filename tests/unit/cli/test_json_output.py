"""JSON as machines get it, and terminals."""

import json

from goodsflow.cli.json_output import json_text


def test_what_moves_a_cursor_is_spelt() -> None:
    """A pipe into a terminal is what people try first; a machine reads the same."""
    document = {"name": "Ёлка \x1b\x9b2J\u202e\ud800\U000e0001", "of": ["\n"]}
    for indent in (None, 2):
        text = json_text(document, indent)
        assert all(line.isprintable() for line in text.splitlines())
        assert "Ёлка" in text
        assert json.loads(text) == document
