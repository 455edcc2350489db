"""Kafka Connect: a plain client over a worker's REST API, and its errors.

Here: one method for each endpoint. Not here: which connectors should exist
(``goodsflow.spec``), when to try again and what to wait for (``goodsflow.bootstrap``).
"""

from goodsflow.connect.client import (
    ConnectClient,
    ConnectorStatus,
    TaskStatus,
    WorkerInfo,
)
from goodsflow.connect.errors import (
    ConnectError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectRebalancingError,
    ConnectRefusedError,
    ConnectUnavailableError,
)

__all__ = [
    "ConnectClient",
    "ConnectError",
    "ConnectInvalidConfigError",
    "ConnectNotFoundError",
    "ConnectRebalancingError",
    "ConnectRefusedError",
    "ConnectUnavailableError",
    "ConnectorStatus",
    "TaskStatus",
    "WorkerInfo",
]
