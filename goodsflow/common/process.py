"""A service of ours as a process: its log, its end by a signal, its exit status."""

from __future__ import annotations

import gc
import logging
import re
import signal
import sys
from collections.abc import Callable
from threading import Event

from goodsflow.common.errors import GoodsflowError

_NEW_OBJECTS = 50_000
"""After how many the collector looks for cycles; a batch of records makes fewer."""

_ERROR_LINE = re.compile(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+) (?:ERROR|CRITICAL) \S+: (.*)$", re.MULTILINE
)


def log_to_stderr() -> None:
    """Write the log to the standard error, one event a line."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # One line for each request to another service says nothing to an operator.
    logging.getLogger("httpx2").setLevel(logging.WARNING)


def tune_garbage_collector() -> None:
    """Have the collector of cycles pass over what has been made so far.

    By default it looks through a batch of records a dozen times, and now and then
    through all that was imported, to find nothing:
    https://docs.python.org/3.11/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
    _, *older = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *older)


def last_error(log: str) -> str:
    """Return the last error in a log that ``log_to_stderr`` set up, with its time.

    Returns:
        Its first line; empty where there is none.
    """
    found = _ERROR_LINE.findall(log)
    return " ".join(found[-1]) if found else ""


def run_service(work: Callable[[Event], object], logger: logging.Logger) -> int:
    """Work until SIGTERM or SIGINT, and return the exit status.

    Args:
        work: Ends soon after its event is set.
        logger: Is told of an expected failure, in one line.
    """
    log_to_stderr()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        work(stop)
    except GoodsflowError as error:
        logger.error("%s", error)  # noqa: TRY400 - expected: no traceback
        return 1
    return 0
