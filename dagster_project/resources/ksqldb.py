"""ksqlDB."""

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.clients.ksqldb import KsqlClient


class KsqldbResource(dg.ConfigurableResource[Any]):
    """The ksqlDB server, if the platform has one."""

    platform: dg.ResourceDependency[PlatformResource]
    watch_timeout_seconds: float = Field(
        default=6, description="Timeout of each request of a check or a sensor."
    )

    def is_there(self) -> bool:
        """Say whether the platform has a ksqlDB.

        Raises:
            EndpointsError: There is no platform.
        """
        return self.platform.endpoints().ksqldb_url is not None

    def watching_client(self) -> KsqlClient:
        """Return a client that gives up soon, for watching.

        Raises:
            KsqlUnavailableError: The platform has no ksqlDB.
            EndpointsError: There is no platform.
        """
        return KsqlClient.connect(
            self.platform.endpoints(), timeout_seconds=self.watch_timeout_seconds
        )
