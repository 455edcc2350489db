"""The schema registry."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.bootstrap import await_registry
from goodsflow.registry import RegistryClient


class SchemaRegistryResource(dg.ConfigurableResource[Any]):
    """The schema registry, and how long to wait for it."""

    platform: dg.ResourceDependency[PlatformResource]
    ready_timeout_seconds: float = Field(
        default=120, description="For the registry to have replayed its journal."
    )

    @contextmanager
    def ready_client(self) -> Iterator[RegistryClient]:
        """Wait until the registry is ready and lend a client of it.

        Raises:
            NotReadyInTimeError: It is not ready in time.
            EndpointsError: There is no platform.
        """
        url = self.platform.endpoints().schema_registry_url
        await_registry(url, self.ready_timeout_seconds)
        client = RegistryClient(url)
        try:
            yield client
        finally:
            client.close()
