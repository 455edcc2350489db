"""Run librdkafka calls that may never return in a detached thread, with a time limit.

A call's own timeout is not enough. Librdkafka 2.16 took minutes to return from a
transaction's call after its coordinator had been killed, and sending offsets is known
to wait forever on a missing coordinator:
https://github.com/confluentinc/librdkafka/issues/5511

A thread inside C code cannot be stopped. So it is a daemon thread, which does not keep
the process from exiting. Until then it uses its clients, and the caller that gave up
must not touch them. Whatever it still tries for a transaction fails once a new producer
has initialized the same transactional ID.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from goodsflow.clients.kafka.errors import StuckCallError

T = TypeVar("T")


def run_detached(work: Callable[[], T], name: str) -> Future[T]:
    """Run work in a thread that does not keep the process from exiting.

    Args:
        work: Its result or exception becomes the future's.
        name: The thread's name.
    """
    future: Future[T] = Future()
    future.set_running_or_notify_cancel()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - raised in the waiting thread
            future.set_exception(error)
        else:
            future.set_result(result)

    Thread(target=run, name=name, daemon=True).start()
    return future


def result_within(future: Future[T], timeout_seconds: float, attempted: str) -> T:
    """Return the result of detached work, or raise its exception.

    Args:
        future: The future that ``run_detached`` returned.
        timeout_seconds: The time limit; longer than the timeouts of the work's calls.
        attempted: For the message: "publish to cluster 'analytics'".

    Raises:
        StuckCallError: The work is still running.
    """
    try:
        return future.result(timeout_seconds)
    except TimeoutError as error:
        if future.done():
            raise
        raise StuckCallError(
            f"Cannot {attempted}: a call of the Kafka client has not returned for "
            f"{timeout_seconds:.0f} s, despite its timeout. A new client takes over."
        ) from error
