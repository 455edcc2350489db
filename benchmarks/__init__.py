"""How fast the platform's hops are on this machine, each beside its peer.

Here: what is measured and how. Not here: whether it is right, which ``tests`` say.
"""
