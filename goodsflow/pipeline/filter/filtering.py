"""The rules by which a record goes on, is held back, or becomes a dead letter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import orjson

from goodsflow.clients.registry.schema_checks import (
    SchemaCheck,
    SchemaChecks,
    UnknownSchemaError,
)
from goodsflow.model.blocklist import SCOPES, BlockRules, Scope
from goodsflow.model.cards import CardError, schema_id_of
from goodsflow.model.cards.wire_format import HEADER_BYTES
from goodsflow.model.dead_letters import shortened

Outcome = Literal["passed", "blocked", "undecodable"]

Kind: TypeAlias = Literal[
    "key", "header", "schema-id", "json", "schema", "size", "record-header"
]
"""What a dead letter fails at: it has no key or another than its product ID, no header
of the wire format, a schema ID that the registry does not know, no JSON, breaks its
schema, is too large, or a header of the record has a name that is no text."""

KINDS: tuple[Kind, ...] = get_args(Kind)

MOST_BYTES = 1_000_000
"""Of a record's key, value and headers. Brokers count 1,048,588 compressed, and the
next ones on a card's way may compress it less than its shop did: they would refuse it
for ever."""


@dataclass(frozen=True)
class Verdict:
    """What becomes of a record.

    Attributes:
        outcome: ``passed`` goes on, ``blocked`` ends here, ``undecodable`` is kept for
            a person to look at.
        cause: By what it is blocked, or what it fails at; None where it passes.
        reason: Why it is a dead letter; empty where it is none.
    """

    outcome: Outcome
    cause: Scope | Kind | None = None
    reason: str = ""

    @property
    def summary(self) -> str:
        """The reason, shortened where it is long."""
        return shortened(self.reason)


PASSED = Verdict("passed")

BLOCKED: dict[Scope, Verdict] = {scope: Verdict("blocked", scope) for scope in SCOPES}

KEYLESS = Verdict(
    "undecodable",
    "key",
    "The record has no key; a card's key is its product ID. The topic behind the "
    "filter, compacted by key, would refuse it.",
)

HEADERLESS = Verdict(
    "undecodable",
    "record-header",
    "A header of the record has a name that is not UTF-8; its headers are not kept.",
)

Decide = Callable[[bytes | None, bytes | None], Verdict]
"""Says what becomes of a record with this key and this value."""


class CardFilter:
    """Decides by the block list and by the schema that a value names.

    Args:
        rules: Gives the rules of the block list as they are now.
        schemas: Checks cards.
    """

    def __init__(self, rules: Callable[[], BlockRules], schemas: SchemaChecks) -> None:
        self._rules = rules
        self._schemas = schemas
        self._checks: dict[bytes, SchemaCheck] = {}

    def decide(self, key: bytes | None, value: bytes | None) -> Verdict:
        """Say what becomes of a record.

        Args:
            key: None cannot be passed on.
            value: As it is on the topic. None is a tombstone: it takes a card away, and
                passes so that the card goes away behind the filter too.

        Raises:
            RegistryUnavailableError: The schema that the value names is not known
                yet, and the registry does not answer.
        """
        if key is None:
            return KEYLESS
        size = len(key) + len(value or b"")
        if size > MOST_BYTES:
            return too_large(size)
        if value is None:
            return PASSED
        # All in one place: it is what a card costs.
        check = self._checks.get(value[:HEADER_BYTES])
        try:
            if check is None:
                check = self._check_for(value)
            card = orjson.loads(value[HEADER_BYTES:])
        except (CardError, UnknownSchemaError, orjson.JSONDecodeError) as error:
            return _unreadable(error)
        if not check.is_valid(card) or not _is_the_keys(card, key):
            return _broken(check, card, key)
        scope = self._rules().match(card)
        return PASSED if scope is None else BLOCKED[scope]

    def _check_for(self, value: bytes) -> SchemaCheck:
        check = self._schemas.by_id(schema_id_of(value))
        self._checks[value[:HEADER_BYTES]] = check
        return check


def _is_the_keys(card: Any, key: bytes) -> bool:
    """Whether a value may be a card, and the key's, whatever its schema allows.

    By its key a card is found, replaced and taken back: another than its product ID
    would get round the block list.
    """
    if type(card) is not dict:
        return False
    product_id = card.get("product_id")
    return type(product_id) is str and product_id != "" and product_id.encode() == key


def _unreadable(error: Exception) -> Verdict:
    if isinstance(error, CardError):
        return Verdict("undecodable", "header", str(error))
    if isinstance(error, UnknownSchemaError):
        return Verdict("undecodable", "schema-id", str(error))
    return Verdict("undecodable", "json", f"The payload is no JSON: {error}.")


def too_large(size: int) -> Verdict:
    """Return the verdict about a record of more than ``MOST_BYTES``."""
    return Verdict(
        "undecodable",
        "size",
        f"The record has {size:,} bytes, key, value and headers; a card has "
        f"{MOST_BYTES:,} at most.",
    )


def _broken(check: SchemaCheck, card: Any, key: bytes) -> Verdict:
    problem = check.problem(card)
    if problem:
        return Verdict("undecodable", "schema", problem)
    if not isinstance(card, dict):
        problem = "The payload is no JSON object; a card is one."
    elif not isinstance(card.get("product_id"), str) or not card["product_id"]:
        problem = "The card's field 'product_id' is no string, or an empty one."
    else:
        problem = f"The record's key, {key[:100]!r}, is not the card's 'product_id'."
        return Verdict("undecodable", "key", problem)
    return Verdict("undecodable", "schema", problem)
