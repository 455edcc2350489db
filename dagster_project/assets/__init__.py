"""The assets: what runs make, and the flow of cards around it.

Here: a module for each asset that a run materializes, or for a family of them, and the
specs of the external assets (topics, services, connectors, files), so that the lineage
is one graph. Not here: what must hold of an asset (``dagster_project.checks``), and the
work itself (``goodsflow``).
"""
