"""One aiokafka connection to one broker, for requests that librdkafka lacks."""

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
    """Return a connection's settings; they contain the password.

    Args:
        endpoints: The platform's addresses.
        cluster: The cluster to connect to.
        principal: The principal to log in as.
        timeout_seconds: The time limit of each step of the login and of each request.

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
    """Log in to the first server that answers, and disconnect at the end.

    Args:
        servers: The servers, each as host:port.
        settings: The result of ``connection_settings``.

    Raises:
        ClusterUnavailableError: No server answers.
        AuthenticationFailedError: A server refused the login, or has a bad certificate.
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
