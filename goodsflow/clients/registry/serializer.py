"""Serializing values with a registered schema, naming the field that breaks it."""

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
"""Takes a topic and a value, returns the value in the wire format."""

_SHOWN_CHARACTERS = 60


class ValueValidator:
    """Says what of a value breaks a schema.

    Args:
        schema_text: A JSON Schema, draft 7.

    Raises:
        InvalidSchemaError: The text is none.
    """

    def __init__(self, schema_text: str) -> None:
        schema = json.loads(canonical_text(schema_text))
        try:
            Draft7Validator.check_schema(schema)
        except SchemaError as error:
            raise InvalidSchemaError(
                f"The schema is no JSON Schema: {error.message} at {error.json_path}."
            ) from error
        self.title = schema.get("title", "untitled")
        self._validator = Draft7Validator(schema)
        self._quick = jsonschema_rs.Draft7Validator(schema)

    def problems(self, value: Mapping[str, Any]) -> list[str]:
        """Return each field that breaks the schema, with what was found there."""
        if self._quick.is_valid(dict(value)):
            return []
        return sorted(
            _problem(error) for error in self._validator.iter_errors(dict(value))
        )


def value_serializer(client: RegistryClient, schema_text: str) -> ValueSerializer:
    """Return a serializer that registers the schema for a topic it first writes to.

    The subject is ``<topic>-value``. Where that holds the same schema already, nothing
    is registered.

    The serializer raises ``CardError`` for a value that breaks the schema, with every
    field at fault, and ``RegistryError`` where the schema cannot be registered.

    Raises:
        InvalidSchemaError: The text is no JSON Schema.
    """
    text = canonical_text(schema_text)
    validator = ValueValidator(schema_text)
    serializer = JSONSerializer(
        text,
        client.confluent_client,
        conf={
            # The default strategy asks for associations, which Apicurio does not know.
            "subject.name.strategy": topic_subject_name_strategy,
            # Done here, since its own message does not name the field.
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
            # By this client, whose errors have names; the serializer then only asks.
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
            raise RegistryError(f"The serializer gave no bytes for topic '{topic}'.")
        return data

    return serialize


def _problem(error: ValidationError) -> str:
    """Say at which JSON path something was found instead of what is expected."""
    if error.validator == "required":
        field = error.message.removesuffix(" is a required property")
        return f"{error.json_path}: field {field} is missing"
    expected = json.dumps(error.validator_value, ensure_ascii=False)
    found = json.dumps(error.instance, ensure_ascii=False, default=str)
    if len(found) > _SHOWN_CHARACTERS:
        found = found[:_SHOWN_CHARACTERS] + "…"
    return f"{error.json_path}: found {found}, expected {error.validator} {expected}"
