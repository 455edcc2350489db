"""Errors that a client reports by callback."""

import pytest
from confluent_kafka import KafkaError

from goodsflow.clients.kafka.client_errors import ClientErrors
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    OperationFailedError,
)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def refusal() -> KafkaError:
    """Return the error of a login that is refused."""
    return KafkaError(KafkaError._AUTHENTICATION, "SASL: invalid credentials")


def test_an_outage_is_shown_and_waited_out() -> None:
    """A restart of the brokers must not restart every client."""
    errors = ClientErrors("inbound", "shop-api")
    for _ in range(100):
        errors.on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN, "2/2 brokers down"))
        errors.raise_if_unrecoverable()
    assert errors.problem == "2/2 brokers down"
    errors.on_success()
    assert errors.problem is None


def test_a_login_that_is_refused_for_a_while_ends_it() -> None:
    """Librdkafka retries forever: a wrong password would look like a slow start."""
    clock = Clock()
    errors = ClientErrors("inbound", "shop-api", clock)
    errors.on_error(refusal())
    errors.raise_if_unrecoverable()
    errors.on_error(KafkaError(KafkaError._ALL_BROKERS_DOWN, "2/2 brokers down"))
    errors.on_error(refusal())
    clock.now += 15
    with pytest.raises(AuthenticationFailedError) as caught:
        errors.raise_if_unrecoverable()
    assert "principal 'shop-api' to cluster 'inbound'" in str(caught.value)
    assert "invalid credentials" in str(caught.value)


def test_a_refusal_before_a_success_or_an_outage_does_not_end_it() -> None:
    """A broker that goes down during a login reports a refused login as well."""
    clock = Clock()
    errors = ClientErrors("inbound", "shop-api", clock)
    errors.on_error(refusal())
    errors.on_error(KafkaError(KafkaError._TRANSPORT, "Connection refused"))
    clock.now += 60
    errors.raise_if_unrecoverable()
    errors.on_error(refusal())
    errors.on_success()
    clock.now += 60
    errors.raise_if_unrecoverable()


def test_a_refusal_that_a_new_login_does_not_meet_ends_nothing() -> None:
    """A broker that went down in a handshake is silent afterwards, and so is a success.

    Where nothing can be delivered for a while, the refusal would seem to last.
    """
    clock = Clock()
    answers = [False, True]
    errors = ClientErrors(
        "inbound", "shop-api", clock, is_refused=lambda: answers.pop(0)
    )
    errors.on_error(refusal())
    clock.now += 15
    errors.raise_if_unrecoverable()
    clock.now += 15
    errors.raise_if_unrecoverable()
    assert answers == [True]
    errors.on_error(refusal())
    clock.now += 15
    with pytest.raises(AuthenticationFailedError):
        errors.raise_if_unrecoverable()


def test_a_fatal_error_ends_it_immediately() -> None:
    """After a fatal error, librdkafka refuses every call."""
    errors = ClientErrors("inbound", "blocking")
    errors.on_error(KafkaError(KafkaError._FENCED, "fenced", fatal=True))
    with pytest.raises(OperationFailedError, match="fenced"):
        errors.raise_if_unrecoverable()
