"""The schema registry: a plain client of its Confluent-compatible API.

Here: one method for each thing the registry can be asked, a serializer that names the
field that breaks a schema, and their errors. Not here: which schemas should be there
(``goodsflow.spec``), the difference to what is (``goodsflow.reconcile``).
"""

from goodsflow.registry.client import RegisteredSchema, RegistryClient, canonical_text
from goodsflow.registry.errors import (
    IncompatibleSchemaError,
    InvalidSchemaError,
    RegistryError,
    RegistryUnavailableError,
    SubjectNotFoundError,
)
from goodsflow.registry.serializer import ValueSerializer, value_serializer

__all__ = [
    "IncompatibleSchemaError",
    "InvalidSchemaError",
    "RegisteredSchema",
    "RegistryClient",
    "RegistryError",
    "RegistryUnavailableError",
    "SubjectNotFoundError",
    "ValueSerializer",
    "canonical_text",
    "value_serializer",
]
