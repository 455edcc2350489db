"""Trying a login: constructing a librdkafka client proves nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class LoginResult:
    """What came of a login.

    Attributes:
        broker_ids: The brokers of the cluster; empty where the login failed.
        refused: A broker answered and refused the credentials or the certificate.
        error: Why it failed, for a person; None where it succeeded.
    """

    broker_ids: frozenset[int]
    refused: bool
    error: str | None


def try_login(config: Mapping[str, Any], timeout_seconds: float) -> LoginResult:
    """Log in with a librdkafka configuration and ask for the cluster's brokers.

    Args:
        config: A client configuration; it is not logged.
        timeout_seconds: How long to try. A refusal is known sooner.
    """
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import AdminClient

    from goodsflow.kafka.codes import REFUSED_LOGINS

    errors: list[KafkaError] = []
    # librdkafka would print what the callback gets as well.
    settings = dict(config) | {"error_cb": errors.append, "log_level": 0}
    try:
        client = AdminClient(settings)
    except KafkaException as error:
        # Such as a CA file that cannot be read.
        return LoginResult(frozenset(), refused=False, error=error.args[0].str())
    deadline = time.monotonic() + timeout_seconds
    failure = "no answer"
    while (remaining := deadline - time.monotonic()) > 0:
        try:
            metadata = client.list_topics(timeout=min(1.0, remaining))
        except KafkaException as error:
            failure = error.args[0].str()
        else:
            return LoginResult(frozenset(metadata.brokers), refused=False, error=None)
        client.poll(0)
        refused = next((e for e in errors if e.code() in REFUSED_LOGINS), None)
        if refused:
            return LoginResult(frozenset(), refused=True, error=refused.str())
    reason = errors[-1].str() if errors else failure
    return LoginResult(frozenset(), refused=False, error=reason)
