"""The groups in which the UI shows the assets, and the teams that own them."""

BOOTSTRAP = "bootstrap"
"""What the bootstrap makes, as ``platform.yaml`` declares it."""

INBOUND = "inbound"
"""From the shops to the filtered cards: services and topics."""

ANALYTICS = "analytics"
"""The mirror and the files: connectors, topics and files."""

RECOMMENDER = "recommender"
"""What the recommender computes."""

USERS = "users"
"""What users search, and what they asked for."""

PLATFORM_TEAM = ["team:platform"]
"""Owns what the bootstrap makes and what flows by itself."""

DATA_TEAM = ["team:data"]
"""Owns what is computed from the cards."""
