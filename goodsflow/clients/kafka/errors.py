"""Errors of Kafka clients.

Tree::

    KafkaError
    ├── ClusterUnavailableError     no broker answered in time
    │   └── StuckCallError          a call of the client does not return
    ├── AuthenticationFailedError   the broker refused the credentials
    ├── OperationFailedError        the broker refused an operation
    │   └── TopicExistsError        the topic to create exists already
    ├── TransactionFailedError      a transaction failed, and would fail again
    └── RotationRunsError           another password rotation is running
"""

from goodsflow.common.errors import GoodsflowError


class KafkaError(GoodsflowError):
    """A Kafka cluster refused or did not answer."""


class ClusterUnavailableError(KafkaError):
    """No broker answered in time."""


class StuckCallError(ClusterUnavailableError):
    """A call of the client does not return; its thread is abandoned."""


class AuthenticationFailedError(KafkaError):
    """The broker refused the credentials or the certificate."""


class OperationFailedError(KafkaError):
    """The broker refused an operation on an object."""


class TopicExistsError(OperationFailedError):
    """The topic to create exists already."""


class TransactionFailedError(KafkaError):
    """A transaction failed, and would fail again."""


class RotationRunsError(KafkaError):
    """Another password rotation is running."""
