"""Futures of librdkafka's admin client: they come in dicts, unwrapped here at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any

from confluent_kafka import KafkaException

from goodsflow.kafka.codes import REFUSED_LOGINS, UNAVAILABLE
from goodsflow.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    KafkaError,
    OperationFailedError,
)


def await_all(
    futures: Mapping[Any, Future[Any]], attempted: str, timeout_seconds: float
) -> dict[Any, Any]:
    """Wait for every future and return the results by their keys.

    Args:
        futures: As an admin client returns them.
        attempted: For messages: "create topics on cluster 'inbound'".
        timeout_seconds: For all of them together: they belong to one request.

    Raises:
        ClusterUnavailableError: Nobody answered; trying again may help.
        AuthenticationFailedError: The broker refused the login.
        OperationFailedError: A broker refused; all refusals are in one message.
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


def named_error(error: KafkaException, what: str) -> KafkaError:
    """Turn librdkafka's exception into one of this room's, by its code."""
    cause = error.args[0]
    text = f"{what}: {cause.str()}"
    if cause.code() in REFUSED_LOGINS:
        return AuthenticationFailedError(text)
    if cause.code() in UNAVAILABLE:
        return ClusterUnavailableError(text)
    return OperationFailedError(text)


def has_failed_with(future: Future[Any], code: int, timeout_seconds: float) -> bool:
    """Say whether a future ended with this error code of Kafka's; False in time-out."""
    try:
        cause = future.exception(timeout_seconds)
    except FutureTimeoutError:
        return False
    return isinstance(cause, KafkaException) and cause.args[0].code() == code
