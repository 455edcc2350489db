"""What goes wrong between a client and a Connect worker.

Tree::

    ConnectError
    ├── ConnectUnavailableError      no answer, or not in time: try later
    ├── ConnectRebalancingError      the workers share out their tasks (409): try again
    ├── ConnectNotFoundError         no such connector
    ├── ConnectExistsError           there is a connector of this name already
    ├── ConnectInvalidConfigError    the connector's configuration does not fit (400)
    │   └── ConnectUnknownClassError     the worker has no such connector class
    ├── ConnectNotStoppedError       only a stopped connector's offsets can be altered
    ├── ConnectInvalidOffsetsError   what somebody gave as offsets is none
    └── ConnectRefusedError          any other refusal
"""

from goodsflow.common.errors import GoodsflowError


class ConnectError(GoodsflowError):
    """A Connect worker refused or did not answer."""


class ConnectUnavailableError(ConnectError):
    """The worker does not answer, is not ready yet, or did not answer in time."""


class ConnectRebalancingError(ConnectError):
    """The workers are sharing out their tasks; soon they take requests again."""


class ConnectNotFoundError(ConnectError):
    """There is no such connector."""


class ConnectInvalidConfigError(ConnectError):
    """The worker found the connector's configuration invalid."""


class ConnectUnknownClassError(ConnectInvalidConfigError):
    """The worker has no connector class of this name."""


class ConnectExistsError(ConnectError):
    """There is a connector of this name already."""


class ConnectNotStoppedError(ConnectError):
    """The connector, or one of its tasks, has not stopped yet."""


class ConnectInvalidOffsetsError(ConnectError):
    """What was given as a connector's offsets cannot be read as such."""


class ConnectRefusedError(ConnectError):
    """The worker answered and refused."""
