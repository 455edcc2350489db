"""How fast the platform's parts are on this machine, each beside its peers.

``python -m benchmarks`` runs them. Here: what is measured, and how. Whether the parts
work correctly is for ``tests`` to say; a benchmark only checks that its own figures are
about the work that it meant to measure.
"""
