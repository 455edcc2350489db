"""The block list as records of a compacted topic: reading it, changing it.

Not here: rules and entries (``goodsflow.model.blocklist``), what happens to a card that
a rule blocks (``goodsflow.pipeline.filter``).
"""
