"""A card's way through the platform, job by job.

Not here: what the platform should be made of (``goodsflow.desired_state``), how its
parts are started (``goodsflow.deploy``).
"""
