"""What the platform does, independent of who orchestrates it.

Rooms import in one direction: ``cards``, ``spec`` and ``endpoints`` import nothing of
ours; the rooms of the external systems (``kafka``, ``registry``, ``connect``, ``hdfs``,
``spark``) import those; ``reconcile`` is pure; the jobs (``shop_api``, ``blocking``,
``recommender``, ``search``) import the rooms; ``cli`` and ``local`` are the outermost
shells. Nothing here imports Dagster. ``lint-imports`` holds this.
"""
