"""Kafka Connect."""

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.clients.connect import ConnectClient


class ConnectResource(dg.ConfigurableResource[Any]):
    """The Kafka Connect worker, for watching."""

    platform: dg.ResourceDependency[PlatformResource]
    watch_timeout_seconds: float = Field(
        default=6, description="Timeout of each request of a check or a sensor."
    )

    def watching_client(self) -> ConnectClient:
        """Return a client that gives up soon, for watching.

        Raises:
            EndpointsError: There is no platform.
        """
        url = self.platform.endpoints().connect_url
        return ConnectClient(url, self.watch_timeout_seconds)
