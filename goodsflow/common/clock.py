"""How long ago something was, by a clock that may have been set back since."""

from __future__ import annotations


def elapsed(since: float, now: float) -> float | None:
    """Return the seconds between two readings of the time of day.

    Args:
        since: The earlier reading, such as a stored time; seconds since 1970.
        now: The later reading.

    Returns:
        None where ``since`` lies ahead of ``now``: the clock was set back, and nobody
        can say how long it has been.
    """
    return now - since if since <= now else None
