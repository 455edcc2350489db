"""What goes wrong between a client and a Connect worker.

Tree::

    ConnectError
    ├── ConnectUnavailableError      no answer, or not in time: try later
    ├── ConnectRebalancingError      the workers share out their tasks (409): try again
    ├── ConnectNotFoundError         no such connector
    ├── ConnectInvalidConfigError    the connector's configuration does not fit (400)
    └── ConnectRefusedError          any other refusal
"""

from goodsflow.errors import GoodsflowError


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


class ConnectRefusedError(ConnectError):
    """The worker answered and refused."""
