"""A file of cards: checked before any is sent, and sent unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goodsflow.clients.registry.serializer import ValueValidator
from goodsflow.model.cards import encode_json, frame
from goodsflow.model.cards.samples import sample_cards
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.shop_api.card_file import CardFileError, check_cards, read_cards

VALIDATOR = ValueValidator((PROJECT_ROOT / "schemas" / "goods.json").read_text())
CARD = encode_json(sample_cards()[0].as_json())


def write(path: Path, *lines: str) -> Path:
    """Write lines to a file."""
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_cards_are_sent_byte_for_byte(tmp_path: Path) -> None:
    """Serializing a card again could change it."""
    spaced = CARD.replace('"index":', '"index" :  ')
    path = write(tmp_path / "cards", CARD, "", f"  {spaced}\r", "")
    assert check_cards(path, VALIDATOR) == 2
    assert list(read_cards(path, 7)) == [
        (b"12345", frame(7, CARD.encode()), True),
        (b"12345", frame(7, spaced.encode()), True),
    ]


def test_every_invalid_line_is_reported_with_number_and_reason(
    tmp_path: Path,
) -> None:
    """Otherwise, a shop would have to fix one line after the other."""
    cheap = json.loads(CARD) | {"price": {"amount": -1, "currency": "rub"}}
    del cheap["sku"]
    path = write(tmp_path / "cards", CARD, "junk", "", "[]", json.dumps(cheap), "{}")
    with pytest.raises(CardFileError) as raised:
        check_cards(path, VALIDATOR)
    said = str(raised.value).splitlines()
    assert said[0] == f"Nothing was sent: 4 of 5 lines in {path} are not valid cards:"
    assert said[1].startswith("  line 2: The payload is not JSON")
    assert said[2].startswith("  line 4: The payload is an array")
    assert said[3].startswith("  line 5: ")
    for field in ("$.price.amount", "$.price.currency", "'sku' is missing"):
        assert field in said[3]
    assert said[4].startswith("  line 6: ")
    assert "'product_id' is missing" in said[4]


def test_values_outside_json_are_found_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    """Python reads NaN, but readers of the topic don't."""
    price = {"amount": float("nan"), "currency": "RUB"}
    path = write(
        tmp_path / "cards", CARD, json.dumps(json.loads(CARD) | {"price": price})
    )
    with pytest.raises(CardFileError, match="NaN is not a JSON number"):
        check_cards(path, VALIDATOR)


@pytest.mark.parametrize("odd", ['"\\ud83d"', "1e999", "9" * 400])
def test_values_that_the_filter_rejects_are_found_before_anything_is_sent(
    tmp_path: Path, odd: str
) -> None:
    """Python accepts more than other JSON parsers."""
    path = write(tmp_path / "cards", CARD[:-1] + f', "odd": {odd}}}')
    with pytest.raises(CardFileError, match="The filter can't parse it"):
        check_cards(path, VALIDATOR)


def test_a_byte_order_mark_is_removed(tmp_path: Path) -> None:
    """Spreadsheets and some editors write one, and it is invisible."""
    path = write(tmp_path / "cards", "\ufeff" + CARD)
    assert check_cards(path, VALIDATOR) == 1
    assert list(read_cards(path, 7)) == [(b"12345", frame(7, CARD.encode()), True)]


def test_a_long_list_of_errors_is_cut_and_counted(tmp_path: Path) -> None:
    """A million errors would scroll the first ones off the screen."""
    path = write(tmp_path / "cards", *["x"] * 50)
    with pytest.raises(CardFileError, match="and 30 more"):
        check_cards(path, VALIDATOR)


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_without_cards_is_an_error(tmp_path: Path, content: str) -> None:
    """'Delivered 0 cards' looks like success."""
    path = tmp_path / "cards"
    path.write_text(content)
    with pytest.raises(CardFileError, match="contains no cards"):
        check_cards(path, VALIDATOR)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A typo in a script would otherwise send nothing."""
    with pytest.raises(CardFileError, match="No such file"):
        check_cards(tmp_path / "missing", VALIDATOR)
