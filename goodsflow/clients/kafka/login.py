"""Log in to a cluster: constructing a librdkafka client proves nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goodsflow.common.waiting import Deadline

if TYPE_CHECKING:
    from confluent_kafka.admin import AdminClient

_POLL_SECONDS = 0.05
"""How often to check for a refusal; a success ends the wait immediately."""


@dataclass(frozen=True)
class Login:
    """The outcome of a login.

    Attributes:
        client: A client that has logged in to one broker; None if it failed.
        refused: Whether a broker refused the credentials or the certificate.
        error: Why it failed; None if it succeeded.
    """

    client: AdminClient | None
    refused: bool = False
    error: str | None = None


@dataclass(frozen=True)
class LoginResult:
    """The outcome of a login and of a request for the cluster's brokers.

    Attributes:
        broker_ids: The cluster's brokers; empty if it failed.
        refused: Whether a broker refused the credentials or the certificate.
        error: Why it failed; None if it succeeded.
    """

    broker_ids: frozenset[int]
    refused: bool
    error: str | None


def log_in(config: Mapping[str, Any], timeout_seconds: float) -> Login:
    """Log in to any broker with a librdkafka configuration.

    Args:
        config: A client configuration; it is not logged.
        timeout_seconds: How long to try. A refusal ends it sooner.
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import AdminClient

    from goodsflow.clients.kafka.error_codes import REFUSED_LOGINS

    errors: list[KafkaError] = []
    # librdkafka would also print what the callback receives.
    settings = dict(config) | {"error_cb": errors.append, "log_level": 0}
    try:
        client = AdminClient(settings)
    except KafkaException as error:
        # For example, the CA file cannot be read.
        return Login(None, error=error.args[0].str())
    deadline = Deadline(timeout_seconds)
    while (remaining := deadline.remaining) > 0:
        # Any broker can tell the cluster's ID. Other requests need a second login, to
        # a broker's advertised address; but if the first broker is down, they make
        # librdkafka try the next one immediately.
        ask = client.list_topics if errors else client.cluster_id
        try:
            ask(timeout=min(_POLL_SECONDS, remaining))
        except KafkaException:
            client.poll(0)
        else:
            return Login(client)
        refused = next((e for e in errors if e.code() in REFUSED_LOGINS), None)
        if refused:
            return Login(None, refused=True, error=refused.str())
    # "All brokers are down" says less than why the last one was not reached.
    reasons = [e for e in errors if e.code() != KafkaError._ALL_BROKERS_DOWN] or errors  # noqa: SLF001
    return Login(None, error=reasons[-1].str() if reasons else "no answer")


def try_login(config: Mapping[str, Any], timeout_seconds: float) -> LoginResult:
    """Log in with a librdkafka configuration and list the cluster's brokers.

    Args:
        config: A client configuration; it is not logged.
        timeout_seconds: How long to try. A refusal ends it sooner.
    """
    from confluent_kafka import KafkaException

    deadline = Deadline(timeout_seconds)
    login = log_in(config, timeout_seconds)
    if login.client is None:
        return LoginResult(frozenset(), login.refused, login.error)
    try:
        remaining = deadline.remaining
        metadata = login.client.list_topics(timeout=max(_POLL_SECONDS, remaining))
    except KafkaException as error:
        return LoginResult(frozenset(), refused=False, error=error.args[0].str())
    return LoginResult(frozenset(metadata.brokers), refused=False, error=None)
