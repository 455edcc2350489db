"""A rule of the block list, and the record that puts it on the list.

The record's key is the rule, ``<scope>:<text>``. The key alone decides what is blocked;
the value says why, by whom and since when. A tombstone removes the rule.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, get_args

from goodsflow.model.blocklist.errors import BlockListError
from goodsflow.model.cards import CardError, payload_of

TOPIC = "blocked-products"

Scope: TypeAlias = Literal["product", "brand", "store", "category"]
"""Which field of a card a rule is about."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

FIELDS: dict[Scope, str] = {
    "product": "product_id",
    "brand": "brand",
    "store": "store_id",
    "category": "category",
}
"""The field of a card that must equal a rule's text exactly."""


@dataclass(frozen=True, order=True, slots=True)
class Rule:
    """What is blocked: all cards whose field equals the text.

    Raises:
        BlockListError: The text is empty, or not valid Unicode.
    """

    scope: Scope
    text: str

    def __post_init__(self) -> None:
        """Reject a text that no card can have."""
        if not self.text:
            raise BlockListError(f"A rule for a {self.scope} needs a value.")
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise BlockListError(
                f"The value of a rule for a {self.scope} is not valid UTF-8."
            ) from error

    def __str__(self) -> str:
        """Format it as in the record's key."""
        return f"{self.scope}:{self.text}"

    @property
    def key(self) -> bytes:
        """The key of its record."""
        return str(self).encode()

    @classmethod
    def from_key(cls, key: bytes | None) -> Rule:
        """Parse a record's key.

        Raises:
            BlockListError: It isn't a rule.
        """
        try:
            return cls.parse((key or b"").decode())
        except UnicodeDecodeError as error:
            raise BlockListError(f"The key {key!r} is not valid UTF-8.") from error

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Parse ``<scope>:<text>``.

        Raises:
            BlockListError: It isn't a rule.
        """
        name, colon, rest = text.partition(":")
        for scope in SCOPES:
            if colon and name == scope:
                return cls(scope, rest)
        raise BlockListError(
            f"Expected one of {', '.join(f'{scope}:…' for scope in SCOPES)}, found "
            f"'{text}'."
        )


@dataclass(frozen=True)
class Entry:
    """A rule that is in force.

    Attributes:
        rule: What is blocked.
        reason: Why; empty if no reason was given.
        by: Who blocked it; empty if the record doesn't say.
        at: Since when; None if the record doesn't say.
    """

    rule: Rule
    reason: str = ""
    by: str = ""
    at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the record's value as ``schemas/blocked-products.json`` has it."""
        at = self.at or datetime.now(UTC)
        return {
            "reason": self.reason,
            "by": self.by,
            "at": at.astimezone(UTC).isoformat(timespec="milliseconds"),
        }

    @classmethod
    def from_record(cls, rule: Rule, value: bytes) -> Entry:
        """Read a record; fields that its value lacks stay empty.

        The key alone decides, so that a list with a malformed value still blocks.
        """
        try:
            found = json.loads(payload_of(value))
        except (CardError, ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            return cls(rule)
        reason, by = (
            text if isinstance(text := found.get(name), str) else ""
            for name in ("reason", "by")
        )
        return cls(rule, reason, by, _time(found.get("at")))


def _time(text: object) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
