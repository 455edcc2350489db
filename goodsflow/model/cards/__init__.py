"""The goods card: its model, the five samples and its wire format.

Here: what a card is, as types and as bytes, and nothing that talks to a system. Not
here: the rules by which a card is held back (``goodsflow.pipeline.filter``), the
registration of its schema (``goodsflow.clients.registry``).

The types are in ``goodsflow.model.cards.model``, the samples in
``goodsflow.model.cards.samples``: who only reads bytes, such as a search, imports
neither them nor pydantic.
"""

from goodsflow.model.cards.wire import (
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
