"""Sessions on the platform's Spark Connect server.

The server has the executors, so a session takes a second and needs no local JVM.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from goodsflow.clients.spark.errors import SparkError, SparkUnavailableError
from goodsflow.model.endpoints import Endpoints

if TYPE_CHECKING:
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.session import SparkSession

_MAX_RETRIES = 5
"""About 20 s with pyspark's back-off; its default takes ten minutes."""


@contextmanager
def spark_session(
    endpoints: Endpoints,
    config: Mapping[str, str] | None = None,
    *,
    timeout_seconds: float = 30.0,
) -> Iterator[SparkSession]:
    """Open a new session, and release it at the end.

    Args:
        endpoints: The platform's addresses.
        config: The session's settings, ``spark.sql.…``.
        timeout_seconds: How long the server may take to accept the connection.

    Raises:
        SparkUnavailableError: The server does not answer.
        SparkError: The server refused the settings, or failed within the block.
    """
    from pyspark.sql.connect.client import DefaultChannelBuilder
    from pyspark.sql.connect.client.retries import DefaultPolicy
    from pyspark.sql.connect.session import SparkSession

    # A proxy from the environment could not reach the platform on this host.
    channel = DefaultChannelBuilder(
        endpoints.spark_connect_url, [("grpc.enable_http_proxy", 0)]
    )
    _wait_until_reachable(channel, endpoints.spark_connect_url, timeout_seconds)
    session = SparkSession.builder.channelBuilder(channel).create()
    session.client.set_retry_policies([DefaultPolicy(max_retries=_MAX_RETRIES)])
    try:
        with named_spark_errors("use a session", endpoints.spark_connect_url):
            for key, value in (config or {}).items():
                session.conf.set(key, value)
            yield session
    finally:
        session.stop()


def _wait_until_reachable(
    builder: DefaultChannelBuilder, url: str, timeout_seconds: float
) -> None:
    """Connect once, as a session's first request would retry for ten minutes."""
    import grpc

    channel = builder.toChannel()
    try:
        grpc.channel_ready_future(channel).result(timeout=timeout_seconds)
    except grpc.FutureTimeoutError as error:
        raise SparkUnavailableError(
            f"Cannot open a Spark session: {url} did not answer within "
            f"{timeout_seconds:g} s. Is the Spark Connect server up?"
        ) from error
    finally:
        channel.close()


@contextmanager
def named_spark_errors(attempted: str, url: str) -> Iterator[None]:
    """Convert pyspark's errors to ours.

    Raises:
        SparkUnavailableError: The server stopped answering.
        SparkError: The server refused or failed.
    """
    import grpc
    from pyspark.errors import PySparkException
    from pyspark.errors.exceptions.connect import SparkConnectGrpcException

    try:
        yield
    except (grpc.RpcError, PySparkException) as error:
        code = None
        if isinstance(error, SparkConnectGrpcException):
            code = error.getGrpcStatusCode()
        if isinstance(error, grpc.RpcError) or code == grpc.StatusCode.UNAVAILABLE:
            raise SparkUnavailableError(
                f"Cannot {attempted} on Spark at {url}: it stopped answering "
                f"({_first_line(error)}). Is the Spark Connect server up?"
            ) from error
        raise SparkError(
            f"Cannot {attempted} on Spark at {url}: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
