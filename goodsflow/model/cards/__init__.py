"""The goods card: its model, the five samples and its wire format.

Here: what a card is, as types and as bytes. Not here: anything that talks to a system,
the rules that hold a card back (``goodsflow.pipeline.filter``), and the registration of
its schema (``goodsflow.clients.registry``).

This package exports only the wire format. Import the types from their own modules:
a program that only reads bytes, such as the search, then never imports pydantic.
"""

from goodsflow.model.cards.wire_format import (
    CardError,
    decode_card,
    encode_json,
    frame,
    payload_of,
    schema_id_of,
)

__all__ = [
    "CardError",
    "decode_card",
    "encode_json",
    "frame",
    "payload_of",
    "schema_id_of",
]
