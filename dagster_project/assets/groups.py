"""The groups in which the UI shows the assets."""

BOOTSTRAP = "bootstrap"
"""What is made once, as ``platform.yaml`` declares it."""

INBOUND = "inbound"
"""Topics of the inbound cluster."""

ANALYTICS = "analytics"
"""Topics and files of the analytics part."""

SERVICES = "services"
"""Services and connectors, which never end."""

RECOMMENDER = "recommender"
"""What the batch recommender makes."""
