"""What a sensor stores from one tick to the next."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from pydantic import TypeAdapter


@dataclass(frozen=True)
class StoredCursor:
    """The base of a sensor's cursor: a dataclass that Dagster stores as JSON.

    Each field needs a default, and a type that JSON can hold.
    """

    @classmethod
    def from_stored(cls, cursor: str | None) -> Self:
        """Read what ``to_stored`` wrote; None stands for an empty cursor."""
        return TypeAdapter(cls).validate_json(cursor) if cursor else cls()

    def to_stored(self) -> str:
        """Return the cursor as Dagster stores it."""
        return json.dumps(asdict(self))
