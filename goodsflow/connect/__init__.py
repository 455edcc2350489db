"""Kafka Connect: a plain client over a worker's REST API, and its errors.

Here: one method for each endpoint. Not here: which connectors should exist
(``goodsflow.spec``), when to try again and what to wait for (``goodsflow.provision``).
"""

from goodsflow.connect.client import ConnectClient
from goodsflow.connect.errors import (
    ConnectError,
    ConnectExistsError,
    ConnectInvalidConfigError,
    ConnectNotFoundError,
    ConnectNotStoppedError,
    ConnectRebalancingError,
    ConnectRefusedError,
    ConnectUnavailableError,
    ConnectUnknownClassError,
)
from goodsflow.connect.model import (
    ConnectorStatus,
    InitialState,
    Offset,
    TaskStatus,
    WorkerInfo,
)
from goodsflow.connect.validation import Validation

__all__ = [
    "ConnectClient",
    "ConnectError",
    "ConnectExistsError",
    "ConnectInvalidConfigError",
    "ConnectNotFoundError",
    "ConnectNotStoppedError",
    "ConnectRebalancingError",
    "ConnectRefusedError",
    "ConnectUnavailableError",
    "ConnectUnknownClassError",
    "ConnectorStatus",
    "InitialState",
    "Offset",
    "TaskStatus",
    "Validation",
    "WorkerInfo",
]
