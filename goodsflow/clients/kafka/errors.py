"""What goes wrong between a client and a cluster.

Tree::

    KafkaError
    ├── ClusterUnavailableError     nobody answered in time
    │   └── StuckCallError             a call did not even return
    ├── AuthenticationFailedError   the broker refused the credentials
    ├── OperationFailedError        the broker refused an operation
    │   └── TopicExistsError        a topic to create is there already
    ├── TransactionFailedError      a transaction failed, and would fail again
    └── RotationRunsError           another change of passwords is under way
"""

from goodsflow.common.errors import GoodsflowError


class KafkaError(GoodsflowError):
    """A Kafka cluster refused or did not answer."""


class ClusterUnavailableError(KafkaError):
    """No broker answered in time."""


class StuckCallError(ClusterUnavailableError):
    """A call of the client has not returned; its thread is left behind."""


class AuthenticationFailedError(KafkaError):
    """The broker refused the credentials or the certificate."""


class OperationFailedError(KafkaError):
    """The broker refused an operation, on a named object."""


class TopicExistsError(OperationFailedError):
    """A topic to create is there already."""


class TransactionFailedError(KafkaError):
    """A transaction failed, and would fail again."""


class RotationRunsError(KafkaError):
    """Another change of passwords is under way."""
