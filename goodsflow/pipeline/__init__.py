"""The path of a card through the platform, one package per job.

Not here: what the platform should consist of (``goodsflow.desired_state``), how its
parts are started (``goodsflow.deploy``).
"""
