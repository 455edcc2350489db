"""Dagster from outside, over its GraphQL API.

Here: launching a run and following it, the daemons' health, and ``dagster.yaml``. Not
here: Dagster's definitions (``dagster_project``), which this package does not import.
"""
