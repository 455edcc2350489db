"""What a comparison of desired and actual state comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

Action = Literal["create", "update"]
Kind = Literal["topic", "acl", "credential", "schema", "connector", "directory", "view"]

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Change(Generic[T_co]):
    """One thing to make or to alter.

    Attributes:
        desired: The thing as it should be; for an update, all of it, changed or not.
        text: The change as a person would say it. It never holds a secret.
    """

    kind: Kind
    action: Action
    name: str
    desired: T_co
    text: str

    def __str__(self) -> str:
        """Say the change in one line."""
        return self.text


@dataclass(frozen=True)
class Plan(Generic[T_co]):
    """The changes of one kind, and what stands against them.

    Attributes:
        changes: What to do, in this order.
        refusals: What is declared and cannot or must not be done, each with its reason.
        surplus: What is there beyond the declaration; reported, not removed.
    """

    changes: tuple[Change[T_co], ...] = ()
    refusals: tuple[str, ...] = ()
    surplus: tuple[str, ...] = ()

    @property
    def is_as_declared(self) -> bool:
        """Whether there is nothing to do and nothing refused."""
        return not self.changes and not self.refusals
