"""Spark: sessions on the platform's Spark Connect server, and their errors.

Here: opening and closing a session; pyspark is imported only then. Not here: what is
computed with it (``goodsflow.pipeline.recommender``).
"""

from goodsflow.clients.spark.errors import SparkError, SparkUnavailableError
from goodsflow.clients.spark.session import named_spark_errors, spark_session

__all__ = [
    "SparkError",
    "SparkUnavailableError",
    "named_spark_errors",
    "spark_session",
]
