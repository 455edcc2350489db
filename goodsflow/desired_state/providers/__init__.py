"""Read the actual state, and apply plans to it.

Here: a provider for each kind of thing, the reconciler over all of them, and the
waiting that applying needs. Not here: the comparison itself
(``goodsflow.desired_state.planning``), and when to plan or apply (``goodsflow.cli`` and
``dagster_project``).
"""
