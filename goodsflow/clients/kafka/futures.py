"""Unwrap the dicts of futures that librdkafka's admin client returns."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, TypeVar

from confluent_kafka import KafkaError as LibrdkafkaError
from confluent_kafka import KafkaException

from goodsflow.clients.kafka.error_codes import REFUSED_LOGINS, UNAVAILABLE
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    KafkaError,
    OperationFailedError,
    TopicExistsError,
)

K = TypeVar("K")


def await_all(
    futures: Mapping[Any, Future[Any]], attempted: str, timeout_seconds: float
) -> dict[Any, Any]:
    """Wait for every future and return the results by key.

    Args:
        futures: As an admin client returns them.
        attempted: For messages: "create topics on cluster 'inbound'".
        timeout_seconds: The time limit for all of them, as they belong to one request.

    Raises:
        ClusterUnavailableError: No broker answered; a retry may succeed.
        AuthenticationFailedError: The broker refused the login.
        OperationFailedError: A broker refused; the message has all refusals.
    """
    results: dict[Any, Any] = {}
    failures: list[KafkaError] = []
    for key, future in futures.items():
        try:
            results[key] = future.result(timeout_seconds)
        except KafkaException as error:
            failures.append(named_error(error, f"{key}"))
        except FutureTimeoutError:
            failures.append(
                ClusterUnavailableError(f"{key}: no answer in {timeout_seconds:.0f} s")
            )
    if failures:
        kind = next(
            (type(f) for f in failures if not isinstance(f, ClusterUnavailableError)),
            ClusterUnavailableError,
        )
        raise kind(f"Cannot {attempted}: " + "; ".join(map(str, failures)))
    return results


Outcomes = dict[K, KafkaError | None]
"""The outcome of a request for each object: an error, or None on success."""


def settle_all(
    futures: Mapping[K, Future[Any]], attempted: str, timeout_seconds: float
) -> Outcomes[K]:
    """Wait for every future and return the outcome of each by key.

    Args:
        futures: As an admin client returns them, each for one object.
        attempted: For messages: "create topics on cluster 'inbound'".
        timeout_seconds: The time limit for all of them, as they belong to one request.
    """
    outcomes: Outcomes[K] = {}
    for key, future in futures.items():
        what = f"Cannot {attempted}: {key}"
        try:
            future.result(timeout_seconds)
        except KafkaException as error:
            outcomes[key] = named_error(error, what)
        except FutureTimeoutError:
            outcomes[key] = ClusterUnavailableError(
                f"{what}: no answer in {timeout_seconds:.0f} s"
            )
        else:
            outcomes[key] = None
    return outcomes


def check_all(outcomes: Mapping[Any, KafkaError | None]) -> None:
    """Raise if any object failed.

    Raises:
        KafkaError: The first error; the others are added as notes.
    """
    failures = [error for error in outcomes.values() if error is not None]
    if failures:
        for other in failures[1:]:
            failures[0].add_note(str(other))
        raise failures[0]


def named_error(error: KafkaException, what: str) -> KafkaError:
    """Convert librdkafka's exception to one of ours, by its code."""
    cause = error.args[0]
    text = f"{what}: {cause.str()}"
    if cause.code() in REFUSED_LOGINS:
        return AuthenticationFailedError(text)
    if cause.code() in UNAVAILABLE:
        return ClusterUnavailableError(text)
    if cause.code() == LibrdkafkaError.TOPIC_ALREADY_EXISTS:
        return TopicExistsError(text)
    return OperationFailedError(text)
