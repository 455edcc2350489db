"""JSON output."""

import json

from goodsflow.cli.json_output import json_text


def test_control_characters_are_escaped() -> None:
    """Users first print to a terminal; programs read the same JSON."""
    document = {"name": "Ёлка \x1b\x9b2J\u202e\ud800\U000e0001", "of": ["\n"]}
    for indent in (None, 2):
        text = json_text(document, indent)
        assert all(line.isprintable() for line in text.splitlines())
        assert "Ёлка" in text
        assert json.loads(text) == document
