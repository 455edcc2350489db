"""Draw a few of many cases by a seed that is printed; a soak takes all of them.

A fault that is repeated 20 times proves more than one that is repeated four times, and
takes five times as long. So a usual run draws a few, other ones each time, and
``--soak`` (``make test-soak``) takes all of them, for the night.
"""

from __future__ import annotations

import os
import random
import secrets
from collections import defaultdict
from dataclasses import dataclass

import pytest

_SEED = "GOODSFLOW_TEST_SEED"
"""The controller sets it, so that parallel workers draw the same."""


@dataclass(frozen=True)
class Draw:
    """How much of a test's full extent a run takes.

    Attributes:
        seed: Printed in the header; give it to ``--seed`` to draw the same again.
        soak: Whether everything is taken.
    """

    seed: int
    soak: bool

    def count(self, few: int, full: int) -> int:
        """Return how often to repeat: ``few`` times, or in a soak ``full`` times."""
        return full if self.soak else few

    def chance(self, name: str) -> random.Random:
        """Return a source of random moments for one test, by its name."""
        return random.Random(f"{self.seed}:{name}")  # noqa: S311 - no secret


def add_options(parser: pytest.Parser) -> None:
    """Add ``--seed`` and ``--soak``."""
    parser.addoption(
        "--seed",
        type=int,
        help="Draw the cases and moments of an earlier run again.",
    )
    parser.addoption(
        "--soak",
        action="store_true",
        help="Take every case and the full numbers, for the night.",
    )


def configured(config: pytest.Config) -> Draw:
    """Return the draw that the options ask for."""
    given = config.getoption("--seed")
    if given is None:
        given = int(os.environ.setdefault(_SEED, str(secrets.randbelow(10**6))))
    return Draw(given, config.getoption("--soak"))


def deselect(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep as many cases of each test marked ``draw(N)`` as it says."""
    draw = configured(config)
    if draw.soak:
        return
    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        if item.get_closest_marker("draw") is not None:
            cases[item.nodeid.partition("[")[0]].append(item)
    dropped: set[pytest.Item] = set()
    for name, of_test in cases.items():
        marker = of_test[0].get_closest_marker("draw")
        assert marker is not None
        count = min(marker.args[0], len(of_test))
        kept = draw.chance(name).sample(of_test, count)
        dropped.update(item for item in of_test if item not in kept)
    if dropped:
        config.hook.pytest_deselected(items=[i for i in items if i in dropped])
        items[:] = [item for item in items if item not in dropped]
