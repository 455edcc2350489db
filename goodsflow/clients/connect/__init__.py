"""Kafka Connect: a plain client over a worker's REST API, and its errors.

Here: one method for each endpoint, when to restart a failed connector, and the steps
that change a connector's offsets. Not here: which connectors should exist
(``goodsflow.model.spec``), and what to wait for
(``goodsflow.desired_state.providers``).
"""

from goodsflow.clients.connect.client import ConnectClient
from goodsflow.clients.connect.errors import (
    ConnectError,
    ConnectExistsError,
    ConnectInvalidConfigError,
    ConnectInvalidOffsetsError,
    ConnectNotFoundError,
    ConnectNotStoppedError,
    ConnectRebalancingError,
    ConnectRefusedError,
    ConnectUnavailableError,
    ConnectUnknownClassError,
)
from goodsflow.clients.connect.model import (
    ConnectorStatus,
    InitialState,
    Offset,
    OffsetChange,
    TaskStatus,
    WorkerInfo,
)
from goodsflow.clients.connect.validation import Validation

__all__ = [
    "ConnectClient",
    "ConnectError",
    "ConnectExistsError",
    "ConnectInvalidConfigError",
    "ConnectInvalidOffsetsError",
    "ConnectNotFoundError",
    "ConnectNotStoppedError",
    "ConnectRebalancingError",
    "ConnectRefusedError",
    "ConnectUnavailableError",
    "ConnectUnknownClassError",
    "ConnectorStatus",
    "InitialState",
    "Offset",
    "OffsetChange",
    "TaskStatus",
    "Validation",
    "WorkerInfo",
]
