"""The schema registry: a plain client of its Confluent-compatible API.

Here: one method for each request, the errors, and a serializer whose errors name the
invalid field. Not here: which schemas should exist (``goodsflow.model.spec``), and how
that differs from what exists (``goodsflow.desired_state.planning``).
"""

from goodsflow.clients.registry.client import (
    RegisteredSchema,
    RegistryClient,
    canonical_text,
)
from goodsflow.clients.registry.errors import (
    IncompatibleSchemaError,
    InvalidSchemaError,
    RegistryError,
    RegistryUnavailableError,
    SchemaNotFoundError,
    SubjectNotFoundError,
)

__all__ = [
    "IncompatibleSchemaError",
    "InvalidSchemaError",
    "RegisteredSchema",
    "RegistryClient",
    "RegistryError",
    "RegistryUnavailableError",
    "SchemaNotFoundError",
    "SubjectNotFoundError",
    "canonical_text",
]
