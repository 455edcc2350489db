"""Kafka: plain clients over confluent-kafka, their configuration and their errors.

Not here: what should exist (``goodsflow.model.spec``), and how that differs from what
exists (``goodsflow.desired_state.planning``).
"""
