"""A file for each thing that exists afterwards, and the flow of cards around them.

Here: materializable assets as shells over ``goodsflow``, and specs of what the platform
keeps by itself (topics, services, connectors, files), so that lineage is one graph.
"""
