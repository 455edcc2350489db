"""Errors of Kafka Connect's client.

Tree::

    ConnectError
    ├── ConnectUnavailableError      no answer, or not in time: try again later
    ├── ConnectRebalancingError      the workers are rebalancing (409): try again
    ├── ConnectNotFoundError         no such connector
    ├── ConnectExistsError           a connector of this name exists already
    ├── ConnectInvalidConfigError    the connector's configuration is invalid (400)
    │   └── ConnectUnknownClassError     the worker has no such connector class
    ├── ConnectNotStoppedError       only a stopped connector's offsets can be changed
    ├── ConnectInvalidOffsetsError   the given offsets are invalid
    └── ConnectRefusedError          any other refusal
"""

from goodsflow.common.errors import GoodsflowError


class ConnectError(GoodsflowError):
    """A Connect worker refused or did not answer."""


class ConnectUnavailableError(ConnectError):
    """The worker does not answer, is not ready yet, or did not answer in time."""


class ConnectRebalancingError(ConnectError):
    """The workers are rebalancing; they soon accept requests again."""


class ConnectNotFoundError(ConnectError):
    """There is no such connector."""


class ConnectInvalidConfigError(ConnectError):
    """The worker found the connector's configuration invalid."""


class ConnectUnknownClassError(ConnectInvalidConfigError):
    """The worker has no connector class of this name."""


class ConnectExistsError(ConnectError):
    """A connector of this name exists already."""


class ConnectNotStoppedError(ConnectError):
    """The connector, or one of its tasks, has not stopped yet."""


class ConnectInvalidOffsetsError(ConnectError):
    """The given text is not a connector's offsets."""


class ConnectRefusedError(ConnectError):
    """The worker answered and refused."""
