"""The filter: passes allowed cards from ``goods`` on to ``goods-filtered``.

A faust app hosts a transactional librdkafka pipeline: faust provides the life cycle and
the web views, and the pipeline moves the records, each exactly once.

Here: the app, its settings, the pipeline and the rules, which are pure functions. Not
here: what a card is (``goodsflow.model.cards``), the rules of the block list
(``goodsflow.model.blocklist``), what happens to dead letters
(``goodsflow.pipeline.dead_letters``), transactions (``goodsflow.clients.kafka``).
"""
