"""The filter: passes allowed cards from ``goods`` on to ``goods-filtered``.

A faust app hosts a transactional librdkafka pipeline: faust has the lifecycle and the
web views, the pipeline moves the records, each exactly once. Here: that app, its
settings, the pipeline and the pure rules. Not here: what a card is
(``goodsflow.model.cards``), what is blocked (``goodsflow.pipeline.blocklist``), what
becomes of dead letters (``goodsflow.pipeline.dead_letters``), client configurations
(``goodsflow.clients.kafka``).
"""
