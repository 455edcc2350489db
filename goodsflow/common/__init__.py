"""What any program needs: errors, files, locks, waiting, secrets, processes.

Not here: anything that knows a card, a topic or a system.
"""
