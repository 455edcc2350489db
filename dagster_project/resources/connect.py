"""Kafka Connect."""

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.connect import ConnectClient


class ConnectResource(dg.ConfigurableResource[Any]):
    """The Kafka Connect worker, and how long to wait for it and its connectors."""

    platform: dg.ResourceDependency[PlatformResource]
    worker_timeout_seconds: float = Field(
        default=120, description="For the worker to be ready."
    )
    running_timeout_seconds: float = Field(
        default=120, description="For every connector and task to run."
    )
    watch_timeout_seconds: float = Field(
        default=6, description="For each question of a check or a sensor."
    )

    def client(self) -> ConnectClient:
        """Return a client of the worker.

        Raises:
            EndpointsError: There is no platform.
        """
        return ConnectClient(self.platform.endpoints().connect_url)

    def watching_client(self) -> ConnectClient:
        """Return a client that gives up soon, for watching.

        Raises:
            EndpointsError: There is no platform.
        """
        url = self.platform.endpoints().connect_url
        return ConnectClient(url, self.watch_timeout_seconds)
