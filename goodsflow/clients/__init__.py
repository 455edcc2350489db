"""Clients of external systems: plain methods, time limits, named errors.

Here: a package for each system, with a method for each request. Not here: policy, such
as what should exist or how a pipeline reacts to an outage.
"""
