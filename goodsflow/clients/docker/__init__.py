"""The Docker engine: a plain client that asks it for the containers of a project.

Here: how each container is, by the engine's word. Not here: what is made of that
(``dagster_project.resources``), which containers there are (``docker-compose.yml``), or
how a run's container is launched (``goodsflow.deploy.compose.runs``).
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
