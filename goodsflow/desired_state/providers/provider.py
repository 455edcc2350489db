"""What reads one kind of thing in one place, plans for it, and applies the plan."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.planning import Change, Plan, Target
from goodsflow.desired_state.providers.fragments import DeclarationFragment

K = TypeVar("K")


@dataclass(frozen=True)
class Result:
    """What became of one change.

    Attributes:
        error: Why it could not be made; None where it was.
    """

    change: Change
    error: GoodsflowError | None = None


class Provider(ABC):
    """Reads, plans and applies for one target. Constructing one connects nowhere."""

    target: Target

    @abstractmethod
    def plan(self) -> Plan:
        """Read the actual state and compare it with the declared.

        Raises:
            GoodsflowError: Something could not be read: nothing is known then.
        """

    @abstractmethod
    def adopt(self) -> DeclarationFragment:
        """Return the live state as a declaration.

        Raises:
            GoodsflowError: Something could not be read.
        """

    @abstractmethod
    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Make the changes; the failure of one does not keep the others from it.

        Args:
            changes: Of a plan of this provider; each can be done, and may be.

        Raises:
            GoodsflowError: None of the rest could be tried.
        """

    def await_ready(self) -> None:  # noqa: B027 - most need not
        """Wait until its system answers; most are there before anybody asks.

        Raises:
            NotReadyInTimeError: It does not in time.
        """

    def settle(self) -> Sequence[str]:
        """Wait until what is declared is in effect; say how it is, a line each.

        Raises:
            GoodsflowError: It does not come into effect.
        """
        return ()


def results_by_name(
    changes: Sequence[Change],
    outcomes: Mapping[K, GoodsflowError | None],
    key: Callable[[Change], K],
) -> Iterator[Result]:
    """Tell what became of changes that were one request, by their keys in it."""
    for change in changes:
        yield Result(change, outcomes[key(change)])


def one_by_one(
    changes: Sequence[Change], apply: Callable[[Change], object]
) -> Iterator[Result]:
    """Make each change by a request of its own."""
    for change in changes:
        try:
            apply(change)
        except GoodsflowError as error:
            yield Result(change, error)
        else:
            yield Result(change)
