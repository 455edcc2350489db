"""Make the platform as it is declared: read, plan, apply, for each kind of thing.

Here: the impure shell around ``goodsflow.desired_state.planning``, a provider for each
kind, with the waiting that applying needs, and the reconciler of the whole. Not here:
the decisions (``goodsflow.desired_state.planning``), and who calls when (Dagster, the
command line).
"""
