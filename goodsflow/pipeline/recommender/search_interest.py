"""What users look for, and how it fades: a search counts half after each half-life.

The weight of a search at time ``t`` is the sum over its requests, each of which was
made at ``a``, of ``2 ** ((a - t) / half_life)``. Because that decays by the same factor
for all, one number a search and the time for which it holds is all that is kept.
Times are seconds since 1970. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_LEAST_WEIGHT = 0.001
_MOST_SEARCHES = 10_000


@dataclass(frozen=True, order=True)
class Search:
    """What was asked: parts of a name and of a brand, in lower case; ``""`` is any."""

    name: str
    brand: str


@dataclass(frozen=True)
class Asked:
    """How often a search was made in the time that belongs to a window.

    Attributes:
        search: What was asked.
        window: The index of the first window that is not before it; one after the last
            window where there is none.
        weight: Of all its requests, at the time of that window, or of the last one.
    """

    search: Search
    window: int
    weight: float


@dataclass(frozen=True)
class Interest:
    """The weight of each search at one time."""

    at: float = 0.0
    weights: Mapping[Search, float] = field(default_factory=dict)

    def aged(self, at: float, half_life_seconds: float) -> Interest:
        """Return what is left of it later; an earlier time changes nothing."""
        if at <= self.at:
            return self
        factor = math.exp2(max((self.at - at) / half_life_seconds, -1000.0))
        return Interest(at, {one: w * factor for one, w in self.weights.items()})

    def no_later_than(self, now: float) -> Interest:
        """Return it as of now where it is of a time ahead: it would never age."""
        return Interest(min(self.at, now), self.weights)

    def plus(self, asked: Iterable[Asked]) -> Interest:
        """Return it with more requests, whose weights hold for the same time."""
        weights = dict(self.weights)
        for one in asked:
            weights[one.search] = weights.get(one.search, 0.0) + one.weight
        return Interest(self.at, weights)

    def strongest(self, limit: int) -> list[tuple[Search, float]]:
        """Return the searches of most weight, the strongest first."""
        ranked = sorted(self.weights.items(), key=lambda item: (-item[1], item[0]))
        return ranked[:limit]

    def to_dict(self) -> dict[str, Any]:
        """Return what is worth keeping, as JSON has it."""
        kept = [
            {"name": search.name, "brand": search.brand, "weight": weight}
            for search, weight in self.strongest(_MOST_SEARCHES)
            if weight >= _LEAST_WEIGHT
        ]
        return {"at": self.at, "searches": kept}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Interest:
        """Read what ``to_dict`` returned."""
        return cls(
            raw["at"],
            {
                Search(one["name"], one["brand"]): one["weight"]
                for one in raw["searches"]
            },
        )


def window_times(
    times: Sequence[float], interest: Interest, now: float
) -> tuple[float, ...]:
    """Return the time of each window; none is before another, or before what is known.

    Args:
        times: When the newest file of each window was written.
        interest: What is known from earlier windows.
        now: No window is later: by a clock that was ahead, all that is known would have
            faded, and what is asked until then.
    """
    found: list[float] = []
    latest = interest.at
    for time in times:
        latest = max(latest, min(time, now))
        found.append(latest)
    return tuple(found)


def interest_by_window(
    interest: Interest,
    asked: Sequence[Asked],
    times: Sequence[float],
    half_life_seconds: float,
) -> tuple[list[Interest], Interest]:
    """Follow the interest from window to window.

    Args:
        interest: Before the first window.
        asked: What was asked since.
        times: Of the windows, as ``window_times`` returns them; at least one.
        half_life_seconds: After which a search counts half.

    Returns:
        The interest at each window, and what to keep for the next run: the same as at
        the last window, with what was asked after it.
    """
    found = []
    for index, time in enumerate(times):
        due = [one for one in asked if one.window == index]
        interest = interest.aged(time, half_life_seconds).plus(due)
        found.append(interest)
    return found, interest.plus(one for one in asked if one.window >= len(times))
