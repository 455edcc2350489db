"""Kafka: client configuration, an administrative client, reading of topics.

Here: plain clients over confluent-kafka and their errors. Not here: what should exist
(``goodsflow.spec``), the difference to what does (``goodsflow.reconcile``).
"""
