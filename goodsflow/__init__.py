"""What the platform does, independent of who orchestrates it.

Seven rooms; imports go down this list only, and ``lint-imports`` holds that:

``cli``
    The ``goodsflow`` command, a module for each command.
``deploy``
    How the platform is started and watched, natively and in containers.
``pipeline`` | ``desired_state``
    A card's way, job by job; what should exist beside what does.
``clients``
    A plain client and its errors for each external system.
``model``
    Cards, the declaration, addresses: types that every room shares.
``common``
    Errors, files, locks, waiting, secrets, processes.

Nothing here imports Dagster's library.
"""
