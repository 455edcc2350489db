"""Starting and monitoring the platform, natively or in containers.

Not here: what its services and jobs do (``goodsflow.pipeline``).
"""
