"""Serialize values with a registered schema; errors name the invalid field."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import jsonschema_rs
from confluent_kafka.schema_registry import topic_subject_name_strategy
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONSerializer
from confluent_kafka.serialization import (
    MessageField,
    SerializationContext,
    SerializationError,
)
from jsonschema import Draft7Validator, SchemaError, ValidationError

from goodsflow.clients.registry.client import RegistryClient, canonical_text
from goodsflow.clients.registry.errors import InvalidSchemaError, RegistryError
from goodsflow.model.cards.wire_format import CardError, encode_json

ValueSerializer = Callable[[str, Mapping[str, Any]], bytes]
"""Takes a topic and a value, and returns the value in the wire format."""

_SHOWN_CHARACTERS = 60


class ValueValidator:
    """Finds the fields of a value that break a schema.

    Args:
        schema_text: A JSON Schema, draft 7.

    Raises:
        InvalidSchemaError: The text is not a JSON Schema.
    """

    def __init__(self, schema_text: str) -> None:
        schema = json.loads(canonical_text(schema_text))
        try:
            Draft7Validator.check_schema(schema)
        except SchemaError as error:
            raise InvalidSchemaError(
                f"The schema is not a JSON Schema: {error.message} at "
                f"{error.json_path}."
            ) from error
        self.title = schema.get("title", "untitled")
        self._validator = Draft7Validator(schema)
        self._quick = jsonschema_rs.Draft7Validator(schema)

    def problems(self, value: Mapping[str, Any]) -> list[str]:
        """Return each field that breaks the schema, with its value."""
        if self._quick.is_valid(dict(value)):
            return []
        return sorted(
            _problem(error) for error in self._validator.iter_errors(dict(value))
        )


def value_serializer(client: RegistryClient, schema_text: str) -> ValueSerializer:
    """Return a serializer that registers the schema when it first writes to a topic.

    The subject is ``<topic>-value``. If it has the schema already, nothing changes.

    The serializer raises ``CardError`` with all invalid fields if a value breaks the
    schema, and ``RegistryError`` if the schema cannot be registered.

    Raises:
        InvalidSchemaError: The text is not a JSON Schema.
    """
    text = canonical_text(schema_text)
    validator = ValueValidator(schema_text)
    serializer = JSONSerializer(
        text,
        client.confluent_client,
        conf={
            # The default strategy queries associations, which Apicurio does not have.
            "subject.name.strategy": topic_subject_name_strategy,
            # Validated here, as the serializer's message does not name the field.
            "validate": False,
        },
        json_encode=encode_json,
    )
    registered: set[str] = set()

    def serialize(topic: str, value: Mapping[str, Any]) -> bytes:
        problems = validator.problems(value)
        if problems:
            raise CardError(
                f"The value for topic '{topic}' breaks its schema "
                f"'{validator.title}': {'; '.join(problems)}."
            )
        subject = f"{topic}-value"
        if subject not in registered:
            # Registered by our client for its errors; the serializer then only reads.
            client.register(subject, text)
            registered.add(subject)
        try:
            data = serializer(
                dict(value), SerializationContext(topic, MessageField.VALUE)
            )
        except (SerializationError, SchemaRegistryError, httpx2.HTTPError) as error:
            raise RegistryError(
                f"Cannot serialize a value for topic '{topic}': {error}."
            ) from error
        if not isinstance(data, bytes):
            raise RegistryError(
                f"The serializer returned no bytes for topic '{topic}'."
            )
        return data

    return serialize


def _problem(error: ValidationError) -> str:
    """Return the JSON path, what was found there, and what is expected."""
    if error.validator == "required":
        field = error.message.removesuffix(" is a required property")
        return f"{error.json_path}: field {field} is missing"
    expected = json.dumps(error.validator_value, ensure_ascii=False)
    found = json.dumps(error.instance, ensure_ascii=False, default=str)
    if len(found) > _SHOWN_CHARACTERS:
        found = found[:_SHOWN_CHARACTERS] + "…"
    return f"{error.json_path}: found {found}, expected {error.validator} {expected}"
