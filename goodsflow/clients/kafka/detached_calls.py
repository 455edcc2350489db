"""Work with librdkafka that may never return: apart, and waited for so long only.

A call's own time-out is not enough. Librdkafka 2.16 was seen not to return for minutes
from a call for a transaction once the broker that coordinates it had been killed; that
sending offsets can wait for ever on a coordinator that is gone is known:
https://github.com/confluentinc/librdkafka/issues/5511

A thread in C cannot be ended from outside. It is a daemon here: it dies with the
process, which it does not keep from leaving. Until then it holds its clients, and who
gave up waiting must not touch them any more. What it still tries for a transaction
fails once a new producer has initialized the same transactional ID.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from goodsflow.clients.kafka.errors import StuckCallError

T = TypeVar("T")


def run_detached(work: Callable[[], T], name: str) -> Future[T]:
    """Begin work in a thread that does not keep the process from leaving.

    Args:
        work: What it returns or raises is the future's.
        name: Of the thread.
    """
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(error)
        else:
            future.set_result(result)

    Thread(target=run, name=name, daemon=True).start()
    return future


def result_within(future: Future[T], timeout_seconds: float, attempted: str) -> T:
    """Return what came of work that was begun apart, or raise what it raised.

    Args:
        future: Of ``run_detached``.
        timeout_seconds: More than the calls of the work may take by their own.
        attempted: For the message: "publish to cluster 'analytics'".

    Raises:
        StuckCallError: It still runs.
    """
    try:
        return future.result(timeout_seconds)
    except TimeoutError as error:
        if future.done():
            raise
        raise StuckCallError(
            f"Cannot {attempted}: a call of the Kafka client has not returned for "
            f"{timeout_seconds:.0f} s, whatever its own time-out. A new client goes on."
        ) from error
