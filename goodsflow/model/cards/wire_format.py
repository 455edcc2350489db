"""The Confluent wire format: a zero byte, a 4-byte schema ID, JSON in UTF-8.

https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, NoReturn

from goodsflow.common.counting import counted
from goodsflow.common.errors import GoodsflowError

HEADER_BYTES = 5
"""Length of the header: the magic byte and the schema ID."""

_MAGIC = 0
_HEADER = struct.Struct(">BI")
_MAX_SCHEMA_ID = 2**31 - 1
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class CardError(GoodsflowError):
    """A record's value is not a goods card; the message says why."""


def schema_id_of(value: bytes) -> int:
    """Return the ID of the schema that a value was written with.

    Raises:
        CardError: The value has no wire format header.
    """
    if len(value) < HEADER_BYTES:
        raise CardError(
            f"The value has {counted(len(value), 'byte')}; the wire format's header "
            f"alone has {HEADER_BYTES}."
        )
    magic, schema_id = _HEADER.unpack_from(value)
    if magic != _MAGIC:
        raise CardError(
            f"The value starts with byte {magic:#04x}; the wire format starts with "
            "0x00. Was it written without the schema registry's serializer?"
        )
    return int(schema_id)


def payload_of(value: bytes) -> bytes:
    """Return what follows the header.

    Raises:
        CardError: The value has no wire format header.
    """
    schema_id_of(value)
    return value[HEADER_BYTES:]


def frame(schema_id: int, payload: bytes) -> bytes:
    """Put the header before a payload.

    Raises:
        CardError: No registry assigns such a schema ID.
    """
    if not 0 <= schema_id <= _MAX_SCHEMA_ID:
        raise CardError(
            f"Schema ID {schema_id} does not fit the wire format: expected 0 to "
            f"{_MAX_SCHEMA_ID}."
        )
    return _HEADER.pack(_MAGIC, schema_id) + payload


def encode_json(card: Mapping[str, Any]) -> str:
    """Write a card as compact JSON, without escaping its letters."""
    return _ENCODER.encode(card)


def decode_card(value: bytes) -> dict[str, Any]:
    """Read a value as a card; check its ``product_id``, but not the whole schema.

    Raises:
        CardError: It has no header, no ``product_id``, or is not a JSON object.
    """
    payload = payload_of(value)
    try:
        # Decoded first: given bytes, json would guess UTF-16 and UTF-32 too.
        card = json.loads(payload.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise CardError(f"The payload is not UTF-8 at byte {error.start}.") from error
    except json.JSONDecodeError as error:
        raise CardError(
            f"The payload is not JSON: {error.msg} at character {error.pos}."
        ) from error
    except ValueError as error:
        raise CardError(f"The payload is not JSON: {error}.") from error
    except RecursionError as error:
        raise CardError(
            "The payload is not a card: it is nested too deeply."
        ) from error
    if not isinstance(card, dict):
        raise CardError(f"The payload is {_json_type(card)}; a card is a JSON object.")
    _check_identity(card)
    return card


def _check_identity(card: Mapping[str, Any]) -> None:
    if "product_id" not in card:
        raise CardError("The card has no field 'product_id'.")
    product_id = card["product_id"]
    if not isinstance(product_id, str) or not product_id:
        raise CardError(
            f"The card's field 'product_id' is {_json_type(product_id)}; expected a "
            "non-empty string."
        )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _json_type(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a string" if value else "an empty string"
    if isinstance(value, int | float):
        return "a number"
    return "an array" if isinstance(value, list) else "an object"
