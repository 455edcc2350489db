"""What goes wrong between a client and a cluster.

Tree::

    KafkaError
    ├── ClusterUnavailableError     nobody answered in time
    ├── AuthenticationFailedError   the broker refused the credentials
    └── OperationFailedError        the broker refused an operation
"""

from goodsflow.errors import GoodsflowError


class KafkaError(GoodsflowError):
    """A Kafka cluster refused or did not answer."""


class ClusterUnavailableError(KafkaError):
    """No broker answered in time."""


class AuthenticationFailedError(KafkaError):
    """The broker refused the credentials or the certificate."""


class OperationFailedError(KafkaError):
    """The broker refused an operation, on a named object."""
