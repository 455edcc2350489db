"""Errors of Spark's client.

Tree::

    SparkError
    └── SparkUnavailableError     the Spark Connect server does not answer
"""

from goodsflow.common.errors import GoodsflowError


class SparkError(GoodsflowError):
    """Spark refused a query or failed to compute it."""


class SparkUnavailableError(SparkError):
    """The Spark Connect server does not answer."""
