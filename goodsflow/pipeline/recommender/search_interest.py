"""The users' interest: the weights of their searches, which decay with a half-life.

The weight of a search at time ``t`` is the sum of ``2 ** ((a - t) / half_life)`` over
its requests, where ``a`` is the time of a request. All weights decay by the same
factor, so one number per search and one common time are enough. Times are seconds since
1970. All functions are pure.
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
    """A search for parts of a name and of a brand, in lower case; ``""`` is any."""

    name: str
    brand: str


@dataclass(frozen=True)
class SearchWeight:
    """The weight of a search's requests in the time of one window.

    Attributes:
        search: The search.
        window: The index of the first window at or after the requests; one after the
            last window if there is none.
        weight: The weight at the time of that window, or of the last one.
    """

    search: Search
    window: int
    weight: float


@dataclass(frozen=True)
class Interest:
    """The weight of each search at a certain time."""

    at: float = 0.0
    weights: Mapping[Search, float] = field(default_factory=dict)

    def decayed(self, at: float, half_life_seconds: float) -> Interest:
        """Return the interest at a later time; an earlier time changes nothing."""
        if at <= self.at:
            return self
        factor = math.exp2(max((self.at - at) / half_life_seconds, -1000.0))
        return Interest(at, {one: w * factor for one, w in self.weights.items()})

    def capped_at(self, now: float) -> Interest:
        """Return the interest as of now if its time is in the future."""
        return Interest(min(self.at, now), self.weights)

    def plus(self, weights: Iterable[SearchWeight]) -> Interest:
        """Return the interest with more requests, weighted for the same time."""
        total = dict(self.weights)
        for one in weights:
            total[one.search] = total.get(one.search, 0.0) + one.weight
        return Interest(self.at, total)

    def strongest(self, limit: int) -> list[tuple[Search, float]]:
        """Return the searches with the greatest weights, the greatest first."""
        ranked = sorted(self.weights.items(), key=lambda item: (-item[1], item[0]))
        return ranked[:limit]

    def to_dict(self) -> dict[str, Any]:
        """Return the interest for JSON, without negligible searches."""
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
    """Return the times of the windows in ascending order, none before the interest.

    Args:
        times: When the newest file of each window was written.
        interest: The interest known from earlier windows.
        now: The upper limit. With a time in the future, from a clock that was ahead,
            all interest would have decayed.
    """
    found: list[float] = []
    latest = interest.at
    for time in times:
        latest = max(latest, min(time, now))
        found.append(latest)
    return tuple(found)


def interest_by_window(
    interest: Interest,
    asked: Sequence[SearchWeight],
    times: Sequence[float],
    half_life_seconds: float,
) -> tuple[list[Interest], Interest]:
    """Compute the interest at each window.

    Args:
        interest: The interest before the first window.
        asked: The searches since.
        times: The windows' times from ``window_times``; at least one.
        half_life_seconds: The time after which a search counts half.

    Returns:
        The interest at each window, and the interest to save for the next run: that of
        the last window, plus the searches after it.
    """
    found = []
    for index, time in enumerate(times):
        due = [one for one in asked if one.window == index]
        interest = interest.decayed(time, half_life_seconds).plus(due)
        found.append(interest)
    return found, interest.plus(one for one in asked if one.window >= len(times))
