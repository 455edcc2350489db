"""How the platform is started and watched, on this machine or in containers.

Not here: what its jobs do (``goodsflow.pipeline``).
"""
