"""What should exist beside what does: plans, and the providers that carry them out.

Not here: plain access to a system (``goodsflow.clients``).
"""
