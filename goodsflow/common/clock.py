"""The time that has passed, on a clock that may have been set back."""

from __future__ import annotations


def elapsed(since: float, now: float) -> float | None:
    """Return the seconds between two readings of the time of day.

    Args:
        since: The earlier reading, such as a stored time; seconds since 1970.
        now: The later reading.

    Returns:
        None if ``since`` is later than ``now``: the clock was set back, so the time is
        unknown.
    """
    return now - since if since <= now else None
