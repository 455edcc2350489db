"""One connection to one broker, over aiokafka: for requests that librdkafka lacks."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import AuthenticationFailedError as AioAuthenticationFailedError
from aiokafka.errors import KafkaError as AioKafkaError
from aiokafka.errors import SaslAuthenticationFailed

from goodsflow.clients.kafka.config import SCRAM_MECHANISM
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    OperationFailedError,
)
from goodsflow.model.endpoints import ClusterName, Endpoints


def connection_settings(
    endpoints: Endpoints,
    cluster: ClusterName,
    principal: str,
    timeout_seconds: float = 20,
) -> dict[str, Any]:
    """Return how a connection logs in; it holds the password.

    Args:
        endpoints: Of the platform.
        cluster: Which of its clusters.
        principal: Who logs in.
        timeout_seconds: For each step of the login, and for each request.

    Raises:
        EndpointsError: The principal has no password file.
        OperationFailedError: The CA's certificate cannot be read.
    """
    try:
        tls = ssl.create_default_context(cafile=str(endpoints.ca_file))
    except (OSError, ssl.SSLError) as error:
        raise OperationFailedError(
            f"Cannot read the CA's certificate from {endpoints.ca_file}: {error}."
        ) from error
    password = endpoints.password(cluster, principal)
    return {
        "security_protocol": "SASL_SSL",
        "ssl_context": tls,
        "sasl_mechanism": SCRAM_MECHANISM,
        "sasl_plain_username": principal,
        "sasl_plain_password": password.reveal(),
        "request_timeout_ms": int(timeout_seconds * 1000),
    }


@asynccontextmanager
async def connected(
    servers: Sequence[str], settings: Mapping[str, Any]
) -> AsyncIterator[AIOKafkaConnection]:
    """Log in to the first of the servers that answers; hang up at the end.

    Args:
        servers: Each as host:port.
        settings: Of ``connection_settings``.

    Raises:
        ClusterUnavailableError: None of them answers.
        AuthenticationFailedError: One refused the login, or its certificate is wrong.
    """
    connection = await _connect(servers, settings)
    try:
        yield connection
    finally:
        await connection.close()


async def _connect(
    servers: Sequence[str], settings: Mapping[str, Any]
) -> AIOKafkaConnection:
    reasons = []
    for server in servers:
        host, _, port = server.rpartition(":")
        connection = AIOKafkaConnection(host, int(port), **settings)
        try:
            await connection.connect()
        except (AioAuthenticationFailedError, SaslAuthenticationFailed) as error:
            await connection.close()
            raise AuthenticationFailedError(f"{server}: {error}") from error
        except ssl.SSLError as error:
            raise AuthenticationFailedError(f"{server}: {error}") from error
        except (AioKafkaError, OSError) as error:
            reasons.append(f"{server}: {error or type(error).__name__}")
        else:
            return connection
    raise ClusterUnavailableError("; ".join(reasons))
