"""The command line: one thin module for each command, heavy imports inside it.

Results go to the standard output, messages to the standard error. Exit status: 0 done,
1 an expected failure in one message, 2 wrong usage, 3 drift.
"""
