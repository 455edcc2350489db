"""Run a service as a process: its log, its signals and its exit status."""

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
"""New objects before a garbage collection; a batch of records makes fewer."""

_ERROR_LINE = re.compile(
    r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+) (?:ERROR|CRITICAL) \S+: (.*)$", re.MULTILINE
)


def log_to_stderr() -> None:
    """Log to standard error, one event per line."""
    logging.basicConfig(
        level=logging.INFO,
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    # A line for each request to another service is of no use to an operator.
    logging.getLogger("httpx2").setLevel(logging.WARNING)


def tune_garbage_collector() -> None:
    """Exclude existing objects from garbage collection, and run it less often.

    By default, the collector would scan a batch of records a dozen times, and now and
    then everything that was imported, without finding any cycles:
    https://docs.python.org/3.11/library/gc.html#gc.freeze
    """
    gc.collect()
    gc.freeze()
    _, *older = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *older)


def last_error(log: str) -> str:
    """Return the last error in a log of ``log_to_stderr``, with its time.

    Returns:
        The error's first line; empty if there is no error.
    """
    found = _ERROR_LINE.findall(log)
    return " ".join(found[-1]) if found else ""


def run_service(work: Callable[[Event], object], logger: logging.Logger) -> int:
    """Run a service until SIGTERM or SIGINT, and return its exit status.

    Args:
        work: Runs the service; it returns soon after its event is set.
        logger: Logs an expected error in one line.
    """
    log_to_stderr()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        work(stop)
    except GoodsflowError as error:
        logger.error("%s", error)  # noqa: TRY400 - an expected error needs no traceback
        return 1
    return 0
