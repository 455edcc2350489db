"""The rule by which a card is held back; pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal

from goodsflow.cards import CardError, decode_card

Outcome = Literal["passed", "blocked", "undecodable"]


@dataclass(frozen=True)
class Verdict:
    """What becomes of a record.

    Attributes:
        outcome: ``passed`` goes on, ``blocked`` ends here, ``undecodable`` is kept for
            a person to look at.
        reason: Why it does not pass; empty where it does.
    """

    outcome: Outcome
    reason: str = ""


PASSED = Verdict("passed")

KEYLESS = Verdict(
    "undecodable",
    "The record has no key; a card's key is its product ID. The topic behind the "
    "filter, compacted by key, would refuse it.",
)


def decide(value: bytes | None, blocked: AbstractSet[str]) -> Verdict:
    """Say what becomes of a record with this value.

    Args:
        value: As it is on the topic. None is a tombstone: it takes a card away, and
            passes so that the card goes away behind the filter too.
        blocked: The product IDs to hold back.
    """
    if value is None:
        return PASSED
    try:
        product_id = decode_card(value)["product_id"]
    except CardError as error:
        return Verdict("undecodable", str(error))
    if product_id in blocked:
        return Verdict("blocked", f"product '{product_id}' is on the block list")
    return PASSED
