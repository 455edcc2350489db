"""Checks that a benchmark measured what it meant to measure."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from benchmarks.cards import ends_of, records_since
from goodsflow.model.endpoints import Endpoints

_DEAD_LETTERS = "goods-dead-letter"
_POLL_SECONDS = 0.2


class CheckError(Exception):
    """A benchmark did not do the work that its figures are about."""


def check(holds: bool, otherwise: str) -> None:
    """Check a result.

    Args:
        holds: Whether it is as expected.
        otherwise: What was found, against what was expected.

    Raises:
        CheckError: It is not.
    """
    if not holds:
        raise CheckError(otherwise)


def wait_until(
    done: Callable[[], bool],
    what: str,
    timeout_seconds: float = 600,
    poll_seconds: float = _POLL_SECONDS,
) -> None:
    """Wait for a condition.

    Args:
        done: The condition.
        what: Completes "Not within 600 s: ".
        timeout_seconds: When to give up.
        poll_seconds: Between two looks at it.

    Raises:
        CheckError: It does not hold in time.
    """
    deadline = time.monotonic() + timeout_seconds
    while not done():
        check(
            time.monotonic() < deadline, f"Not within {timeout_seconds:.0f} s: {what}"
        )
        time.sleep(poll_seconds)


@contextmanager
def no_dead_letters(endpoints: Endpoints, prefix: str) -> Iterator[None]:
    """Check at the end that none of a benchmark's cards became a dead letter.

    Args:
        endpoints: Of the platform.
        prefix: What the benchmark's product IDs start with.

    Raises:
        CheckError: Some did.
    """
    starts = ends_of(endpoints, "inbound", _DEAD_LETTERS)
    yield
    letters = [
        record
        for record in records_since(endpoints, "inbound", _DEAD_LETTERS, starts)
        if (record.key or b"").startswith(prefix.encode())
    ]
    if letters:
        why = "; ".join(
            f"{name}: {text.decode(errors='replace')}"
            for name, text in letters[-1].headers
            if isinstance(text, bytes)
        )
        raise CheckError(
            f"{len(letters):,} of the benchmark's cards became dead letters. The last "
            f"one says: {why}"
        )
