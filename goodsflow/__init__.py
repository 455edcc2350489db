"""What the platform does, independent of who orchestrates it.

Each room's docstring says what belongs in it. The import contract in pyproject.toml
lists the rooms from top to bottom: a room may import only from those below it.

Nothing here imports Dagster's library.
"""
