"""General building blocks that any program could use.

Here: what knows nothing of the platform, such as the base of all errors, files, locks
and waiting. Not here: anything that knows a card, a topic or a system.
"""
