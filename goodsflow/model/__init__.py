"""The types that every package shares: cards, the declaration, addresses.

Here: types, how they are read from files or bytes, and what follows from them alone.
Not here: anything that opens a connection (``goodsflow.clients``).
"""
