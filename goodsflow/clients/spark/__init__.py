"""Spark: sessions on the platform's Spark Connect server, and their errors.

Here: opening and releasing a session. Not here: what is computed with it
(``goodsflow.pipeline.recommender``). pyspark is imported when a session is opened.
"""

from goodsflow.clients.spark.errors import SparkError, SparkUnavailableError
from goodsflow.clients.spark.session import named_spark_errors, spark_session

__all__ = [
    "SparkError",
    "SparkUnavailableError",
    "named_spark_errors",
    "spark_session",
]
