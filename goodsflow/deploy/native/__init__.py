"""The native launcher: it runs every part as a process on loopback, under supervisor.

Here: the list of parts with their dependencies, ports and secrets, the build, the
readiness probes, and starting and stopping. Not here: how a part is configured (its
``run.sh`` under ``containers/``), and what exists inside the clusters
(``platform.yaml``, which Dagster applies).
"""
