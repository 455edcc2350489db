"""The filter: passes allowed cards from ``goods`` on to ``goods-filtered``.

A faust app hosts a transactional librdkafka pipeline: faust has the lifecycle and the
web views, the pipeline moves the records, each exactly once. Here: that app, its
settings, the pipeline and the one pure rule. Not here: what a card is
(``goodsflow.cards``), client configurations (``goodsflow.kafka``).
"""
