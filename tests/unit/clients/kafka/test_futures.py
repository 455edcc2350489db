"""Unwrapping the admin client's futures."""

from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError as LibrdkafkaError
from confluent_kafka import KafkaException

from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    KafkaError,
    OperationFailedError,
)
from goodsflow.clients.kafka.futures import await_all, check_all, settle_all


def done(result: object = None) -> Future[Any]:
    """Return a future with a result."""
    future: Future[Any] = Future()
    future.set_result(result)
    return future


def failed(code: int) -> Future[Any]:
    """Return a future that failed with one of librdkafka's codes."""
    future: Future[Any] = Future()
    future.set_exception(KafkaException(LibrdkafkaError(code)))
    return future


def test_results_come_back_by_their_keys() -> None:
    """Mixed up, a topic would get another one's settings."""
    assert await_all({"a": done(1), "b": done(2)}, "read", 1) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (LibrdkafkaError._TIMED_OUT, ClusterUnavailableError),
        (LibrdkafkaError._AUTHENTICATION, AuthenticationFailedError),
        (LibrdkafkaError.TOPIC_ALREADY_EXISTS, OperationFailedError),
        (LibrdkafkaError.CLUSTER_AUTHORIZATION_FAILED, OperationFailedError),
    ],
)
def test_a_failure_has_its_name(code: int, error: type[KafkaError]) -> None:
    """The class decides: outages are retried, refusals are not."""
    with pytest.raises(error, match="Cannot create topics on cluster 'inbound': a: "):
        await_all({"a": failed(code)}, "create topics on cluster 'inbound'", 1)


def test_every_failure_is_in_the_message_and_a_refusal_wins() -> None:
    """As an outage, a refusal would be retried in vain."""
    futures = {
        "a": failed(LibrdkafkaError._TIMED_OUT),
        "b": failed(LibrdkafkaError.POLICY_VIOLATION),
        "c": done(),
    }
    with pytest.raises(OperationFailedError, match=r"a: .*; b: "):
        await_all(futures, "create topics", 1)


def test_an_answer_that_never_comes_is_an_outage() -> None:
    """A future that never completes would hang the bootstrap."""
    with pytest.raises(ClusterUnavailableError, match="no answer"):
        await_all({"a": Future()}, "create topics", 0.01)


def test_one_failure_does_not_hide_what_was_done() -> None:
    """Repeating everything would fail for objects that exist already."""
    futures = {
        "a": done(),
        "b": failed(LibrdkafkaError.POLICY_VIOLATION),
        "c": failed(LibrdkafkaError._TIMED_OUT),
        "d": Future(),
    }
    outcomes = settle_all(futures, "create topics", 0.01)
    assert {key: error and type(error) for key, error in outcomes.items()} == {
        "a": None,
        "b": OperationFailedError,
        "c": ClusterUnavailableError,
        "d": ClusterUnavailableError,
    }
    assert str(outcomes["b"]).startswith("Cannot create topics: b: ")
    with pytest.raises(OperationFailedError, match=": b: ") as caught:
        check_all(outcomes)
    assert [note[:23] for note in caught.value.__notes__] == [
        "Cannot create topics: c",
        "Cannot create topics: d",
    ]
    check_all({"a": None})
