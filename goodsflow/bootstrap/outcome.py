"""What became of one kind of thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from goodsflow.bootstrap.errors import RefusedError
from goodsflow.reconcile import Change, Plan


@dataclass(frozen=True)
class Outcome:
    """What was declared, what was changed for it, and what is there beyond.

    Attributes:
        declared: How many things are declared, by their plural: ``{"topics": 6}``.
        changes: What was done, in order.
        surplus: What is there beyond the declaration, and was left alone.
    """

    declared: dict[str, int]
    changes: Sequence[Change[Any]]
    surplus: Sequence[str] = ()


def refuse_if_refused(plan: Plan[Any]) -> None:
    """Stop before anything is applied where something is refused.

    Raises:
        RefusedError: With every refusal.
    """
    if plan.refusals:
        raise RefusedError("\n".join(plan.refusals))
