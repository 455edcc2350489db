"""Errors of the schema registry's client.

Tree::

    RegistryError
    ├── RegistryUnavailableError   no answer, or not ready: try again later
    ├── SubjectNotFoundError       there is no such subject
    ├── SchemaNotFoundError        there is no schema of the ID
    ├── IncompatibleSchemaError    the schema breaks the subject's compatibility
    └── InvalidSchemaError         the text is not a valid schema
"""

from collections.abc import Sequence

from goodsflow.common.errors import GoodsflowError


class RegistryError(GoodsflowError):
    """The schema registry refused a request."""


class RegistryUnavailableError(RegistryError):
    """The schema registry did not answer, or is not ready."""


class SubjectNotFoundError(RegistryError):
    """There is no such subject."""


class SchemaNotFoundError(RegistryError):
    """There is no schema of the ID."""


class IncompatibleSchemaError(RegistryError):
    """The schema breaks its subject's compatibility; see ``reasons``."""

    def __init__(self, subject: str, reasons: Sequence[str]) -> None:
        """Compose the message from the registry's reasons."""
        self.subject = subject
        self.reasons = tuple(reasons)
        super().__init__(
            f"Cannot register the schema of subject '{subject}': it is not compatible "
            f"with the current version: {'; '.join(self.reasons)}. Change the schema "
            "or the subject's compatibility in platform.yaml."
        )


class InvalidSchemaError(RegistryError):
    """The text is not a valid schema."""
