"""The types that every room shares: cards, the declaration, addresses.

Not here: anything that opens a connection.
"""
