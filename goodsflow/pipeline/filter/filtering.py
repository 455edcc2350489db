"""The rules by which a record passes, is blocked, or becomes a dead letter."""

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
"""Why a record is a dead letter: its key is missing or isn't the product ID; its value
has no header of the wire format, a schema ID that the registry doesn't know, malformed
JSON, or breaks its schema; it is too large; or the name of a record header isn't valid
UTF-8."""

KINDS: tuple[Kind, ...] = get_args(Kind)

MAX_BYTES = 1_000_000
"""For key, value and headers together. Brokers accept 1,048,588 compressed bytes.
If a later producer compresses a card less well than its shop did, brokers would refuse
it forever."""


@dataclass(frozen=True)
class Verdict:
    """The filter's decision about a record.

    Attributes:
        outcome: ``passed``, ``blocked``, or ``undecodable`` for a dead letter.
        cause: The scope of the rule that blocks it, or the kind of failure; None if it
            passes.
        reason: Why it is a dead letter; empty if it isn't.
    """

    outcome: Outcome
    cause: Scope | Kind | None = None
    reason: str = ""

    @property
    def summary(self) -> str:
        """The reason, shortened if it is long."""
        return shortened(self.reason)


PASSED = Verdict("passed")

BLOCKED: dict[Scope, Verdict] = {scope: Verdict("blocked", scope) for scope in SCOPES}

KEYLESS = Verdict(
    "undecodable",
    "key",
    "The record has no key; expected the product ID. The compacted topic "
    "'goods-filtered' would refuse it.",
)

HEADERLESS = Verdict(
    "undecodable",
    "record-header",
    "The name of a record header is not valid UTF-8; the headers were dropped.",
)

Decide = Callable[[bytes | None, bytes | None], Verdict]
"""Decides about a record, given its key and its value."""


class CardFilter:
    """Decides by the block list and by the schema that the value refers to.

    Args:
        rules: Returns the rules that are in force.
        schemas: Checks cards.
    """

    def __init__(self, rules: Callable[[], BlockRules], schemas: SchemaChecks) -> None:
        self._rules = rules
        self._schemas = schemas
        self._checks: dict[bytes, SchemaCheck] = {}

    def decide(self, key: bytes | None, value: bytes | None) -> Verdict:
        """Decide about a record.

        Args:
            key: The record's key; None can't be passed on.
            value: As it is on the topic. None is a tombstone, which removes a card. It
                passes, so that the card is removed from the output topic, too.

        Raises:
            RegistryUnavailableError: The schema that the value refers to isn't known
                yet, and the registry doesn't answer.
        """
        if key is None:
            return KEYLESS
        size = len(key) + len(value or b"")
        if size > MAX_BYTES:
            return too_large(size)
        if value is None:
            return PASSED
        # Not split into functions: this is the cost of a card.
        check = self._checks.get(value[:HEADER_BYTES])
        try:
            if check is None:
                check = self._check_for(value)
            card = orjson.loads(value[HEADER_BYTES:])
        except (CardError, UnknownSchemaError, orjson.JSONDecodeError) as error:
            return _unreadable(error)
        if not check.is_valid(card) or not _matches_key(card, key):
            return _broken(check, card, key)
        scope = self._rules().match(card)
        return PASSED if scope is None else BLOCKED[scope]

    def _check_for(self, value: bytes) -> SchemaCheck:
        check = self._schemas.by_id(schema_id_of(value))
        self._checks[value[:HEADER_BYTES]] = check
        return check


def _matches_key(card: Any, key: bytes) -> bool:
    """Whether a value is an object whose ``product_id`` is the key.

    A card is found, replaced and withdrawn by its key. A card with a different key
    would evade the block list.
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
    return Verdict("undecodable", "json", f"The payload is not JSON: {error}.")


def too_large(size: int) -> Verdict:
    """Return the verdict about a record of more than ``MAX_BYTES``."""
    return Verdict(
        "undecodable",
        "size",
        f"Key, value and headers have {size:,} bytes together; expected at most "
        f"{MAX_BYTES:,}.",
    )


def _broken(check: SchemaCheck, card: Any, key: bytes) -> Verdict:
    problem = check.problem(card)
    if problem:
        return Verdict("undecodable", "schema", problem)
    if not isinstance(card, dict):
        problem = "The payload is not a JSON object; expected a card."
    elif not isinstance(card.get("product_id"), str) or not card["product_id"]:
        problem = "The field 'product_id' is not a string, or it is empty."
    else:
        problem = f"The record's key {key[:100]!r} is not the card's 'product_id'."
        return Verdict("undecodable", "key", problem)
    return Verdict("undecodable", "schema", problem)
