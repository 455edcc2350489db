"""The ``goodsflow`` command: one thin module per command, heavy imports inside it.

Results go to standard output, messages to standard error. Exit status: 0 success,
1 an expected failure, explained in one message, 2 wrong usage, 3 drift.

Not here: what a command does (the room it imports).
"""
