"""The Docker engine: a plain client for the containers of one Compose project.

Not here: which containers there are (``docker-compose.yml``), how their states are
shown (``dagster_project.resources``), and how a run's container is launched
(``goodsflow.deploy.compose.runs``).
"""

from goodsflow.clients.docker.client import Container, EngineClient
from goodsflow.clients.docker.errors import (
    EngineError,
    EngineRefusedError,
    EngineUnavailableError,
)

__all__ = [
    "Container",
    "EngineClient",
    "EngineError",
    "EngineRefusedError",
    "EngineUnavailableError",
]
