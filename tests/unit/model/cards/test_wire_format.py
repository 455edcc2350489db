"""The wire format of values."""

import json

import pytest

from goodsflow.model.cards import (
    CardError,
    decode_card,
    encode_json,
    frame,
    payload_of,
    schema_id_of,
)
from goodsflow.model.cards.samples import sample_cards


def test_a_header_is_a_zero_byte_and_a_big_endian_schema_id() -> None:
    """Other languages' deserializers read exactly these bytes."""
    value = frame(258, b"{}")
    assert value == b"\x00\x00\x00\x01\x02{}"
    assert schema_id_of(value) == 258
    assert payload_of(value) == b"{}"


@pytest.mark.parametrize("schema_id", [-1, 2**31])
def test_an_id_that_does_not_fit_is_refused(schema_id: int) -> None:
    """Packing it would raise struct.error, or write another schema's ID."""
    with pytest.raises(CardError, match="does not fit the wire format"):
        frame(schema_id, b"")


def test_a_card_comes_back_as_it_was_written() -> None:
    """Cyrillic must survive, and stay readable in the files on HDFS."""
    card = sample_cards()[0].as_json()
    payload = encode_json(card).encode()
    assert decode_card(frame(7, payload)) == card
    assert "Умные часы XYZ".encode() in payload


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "has 0 bytes"),
        (b"\x00\x00\x00\x01", "has 4 bytes"),
        (b'{"product_id":"1"}', "starts with byte 0x7b"),
        (frame(1, b""), "is not JSON"),
        (frame(1, b"{"), "is not JSON"),
        (frame(1, b"\xff\xfe{\x00}\x00"), "is not UTF-8 at byte 0"),
        (frame(1, b'{"product_id":NaN}'), "NaN is not a JSON number"),
        (frame(1, b"[" * 200_000), "nested too deeply"),
        (frame(1, b"1" * 5_000), "is not JSON"),
        (frame(1, b"null"), "is null;"),
        (frame(1, b"[]"), "is an array;"),
        (frame(1, b"true"), "is a boolean;"),
        (frame(1, b"{}"), "no field 'product_id'"),
        (frame(1, b'{"product_id":12346}'), "'product_id' is a number"),
        (frame(1, b'{"product_id":""}'), "'product_id' is an empty string"),
        (frame(1, b'{"product_id":null}'), "'product_id' is null"),
    ],
)
def test_an_invalid_card_is_refused_with_its_reason(value: bytes, reason: str) -> None:
    """Otherwise such a record would stop the filter after every restart."""
    with pytest.raises(CardError) as caught:
        decode_card(value)
    assert reason in str(caught.value)


def test_the_schemas_are_those_of_draft_07() -> None:
    """A keyword of a later draft is silently ignored by a validator of draft 07."""
    from jsonschema import Draft7Validator

    from goodsflow.model.endpoints import PROJECT_ROOT

    for name in ("goods", "events"):
        text = (PROJECT_ROOT / f"schemas/{name}.json").read_text(encoding="utf-8")
        schema = json.loads(text)
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        assert schema["title"]
        Draft7Validator.check_schema(schema)
