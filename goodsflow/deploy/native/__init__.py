"""The native launcher: every part as a process on loopback, under supervisor.

Here: which parts there are and what each needs, their ports, secrets and build, when
each counts as ready, starting and stopping them. Not here: how a part is configured
(its ``run.sh`` under ``containers/``), what exists inside the clusters
(``platform.yaml``, which Dagster applies).
"""
