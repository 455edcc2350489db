"""What goes wrong with the schema registry.

Tree::

    RegistryError
    ├── RegistryUnavailableError   it did not answer, or cannot at the moment
    ├── SubjectNotFoundError       nothing is registered under the subject
    ├── SchemaNotFoundError        no schema has the ID
    ├── IncompatibleSchemaError    the schema breaks the subject's compatibility
    └── InvalidSchemaError         the text is no schema
"""

from collections.abc import Sequence

from goodsflow.common.errors import GoodsflowError


class RegistryError(GoodsflowError):
    """The schema registry refused a request."""


class RegistryUnavailableError(RegistryError):
    """The schema registry did not answer, or cannot serve at the moment."""


class SubjectNotFoundError(RegistryError):
    """Nothing is registered under the subject."""


class SchemaNotFoundError(RegistryError):
    """No schema has the ID."""


class IncompatibleSchemaError(RegistryError):
    """The schema breaks the compatibility of its subject; ``reasons`` says where."""

    def __init__(self, subject: str, reasons: Sequence[str]) -> None:
        """Compose the message out of the registry's reasons."""
        self.subject = subject
        self.reasons = tuple(reasons)
        super().__init__(
            f"Cannot register the schema of subject '{subject}': it is not compatible "
            f"with the version there: {'; '.join(self.reasons)}. Change the schema, or "
            "the subject's compatibility in platform.yaml."
        )


class InvalidSchemaError(RegistryError):
    """The text is no schema."""
