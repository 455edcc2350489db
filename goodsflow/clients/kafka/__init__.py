"""Kafka: client configuration, an administrative client, reading of topics.

Here: plain clients over confluent-kafka and their errors. Not here: what should exist
(``goodsflow.model.spec``), the difference to what does
(``goodsflow.desired_state.planning``).
"""
