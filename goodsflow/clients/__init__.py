"""Clients of external systems: plain methods, time limits, named errors.

Not here: policy, such as what should exist or when to try again.
"""
