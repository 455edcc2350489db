"""The schema registry: a plain client of its Confluent-compatible API.

Here: one method for each thing the registry can be asked, their errors, and in a module
of its own, which takes long to import, a serializer that names the field that breaks a
schema. Not here: which schemas should be there (``goodsflow.model.spec``), the
difference to what is (``goodsflow.desired_state.planning``).
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
