"""The interface of providers: read, plan and apply for one target."""

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
    """The outcome of one change.

    Attributes:
        error: Why it failed; None if it was applied.
    """

    change: Change
    error: GoodsflowError | None = None


class Provider(ABC):
    """Reads, plans and applies for one target. Its constructor opens no connection."""

    target: Target

    @abstractmethod
    def plan(self) -> Plan:
        """Read the actual state and compare it with the declaration.

        Raises:
            GoodsflowError: The actual state could not be read.
        """

    @abstractmethod
    def adopt(self) -> DeclarationFragment:
        """Return the actual state as a declaration.

        Raises:
            GoodsflowError: Something could not be read.
        """

    @abstractmethod
    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Apply changes; if one fails, still apply the others.

        Args:
            changes: Changes of this provider's plan that are possible and allowed.

        Raises:
            GoodsflowError: The remaining changes could not be tried.
        """

    def await_ready(self) -> None:  # noqa: B027 - most need no wait
        """Wait until the target's system answers; most need no wait.

        Raises:
            NotReadyInTimeError: It does not answer in time.
        """

    def settle(self) -> Sequence[str]:
        """Wait until the declaration is in effect; return its state, line by line.

        Raises:
            GoodsflowError: It did not come into effect.
        """
        return ()


def results_by_name(
    changes: Sequence[Change],
    outcomes: Mapping[K, GoodsflowError | None],
    key: Callable[[Change], K],
) -> Iterator[Result]:
    """Yield the results of changes that were made in one request."""
    for change in changes:
        yield Result(change, outcomes[key(change)])


def one_by_one(
    changes: Sequence[Change], apply: Callable[[Change], object]
) -> Iterator[Result]:
    """Apply each change by a request of its own."""
    for change in changes:
        try:
            apply(change)
        except GoodsflowError as error:
            yield Result(change, error)
        else:
            yield Result(change)
