"""The goods card: its model, the five samples and its wire format.

Here: what a card is, as types and as bytes, and nothing that talks to a system. Not
here: the rules by which a card is held back (``goodsflow.blocking``), the registration
of its schema (``goodsflow.registry``).
"""

from goodsflow.cards.model import Card, Image, Price, Stock
from goodsflow.cards.samples import sample_cards, with_price
from goodsflow.cards.wire import (
    CardError,
    decode_card,
    encode_json,
    frame,
    payload_of,
    schema_id_of,
)

__all__ = [
    "Card",
    "CardError",
    "Image",
    "Price",
    "Stock",
    "decode_card",
    "encode_json",
    "frame",
    "payload_of",
    "sample_cards",
    "schema_id_of",
    "with_price",
]
