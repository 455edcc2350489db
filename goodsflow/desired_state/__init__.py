"""The desired state against the actual one: plans, and the providers that apply them.

Here: what differs from ``platform.yaml``, and how to change it. Not here: the
declaration itself (``goodsflow.model.spec``), and plain access to a system
(``goodsflow.clients``).
"""
