"""Dead letters: reading them, replaying them, deleting them.

Not here: what a dead letter holds (``goodsflow.model.dead_letters``), which records
become dead letters (``goodsflow.pipeline.filter``).
"""
