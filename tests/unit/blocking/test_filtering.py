"""The rule of the filter."""

import json

import pytest

from goodsflow.blocking.filtering import PASSED, decide
from goodsflow.cards import encode_json, frame, sample_cards

BLOCKED = frozenset({"12346"})


def value(product_id: object) -> bytes:
    """Return a card's value."""
    card = sample_cards()[0].as_json() | {"product_id": product_id}
    return frame(1, json.dumps(card).encode())


@pytest.mark.parametrize("product_id", ["12345", "123", "1234", "123466"])
def test_a_card_that_is_not_blocked_passes(product_id: str) -> None:
    """A comparison of beginnings would hold back other products."""
    assert decide(value(product_id), BLOCKED) == PASSED


def test_a_blocked_card_is_held_back_however_its_json_is_spelt() -> None:
    """A search for bytes would let an escaped product ID through."""
    assert decide(value("12346"), BLOCKED).outcome == "blocked"
    escaped = frame(1, b'{"product_\\u0069d": "\\u0031234\\u0036"}')
    assert decide(escaped, BLOCKED).outcome == "blocked"
    last_wins = frame(1, b'{"product_id": "1", "product_id": "12346"}')
    assert decide(last_wins, BLOCKED).outcome == "blocked"


@pytest.mark.parametrize("garbage", [b"", b"hello", value(None), frame(1, b"[1]")])
def test_garbage_is_undecodable_with_a_reason(garbage: bytes) -> None:
    """An exception here would stop the filter for good."""
    verdict = decide(garbage, BLOCKED)
    assert verdict.outcome == "undecodable"
    assert verdict.reason


def test_a_tombstone_passes() -> None:
    """A card taken away at the shop would stay in search for ever."""
    assert decide(None, BLOCKED) == PASSED


def test_with_an_empty_block_list_all_samples_pass() -> None:
    """An operator who empties the list means it."""
    for card in sample_cards():
        data = frame(1, encode_json(card.as_json()).encode())
        assert decide(data, frozenset()) == PASSED
