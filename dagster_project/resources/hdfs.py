"""HDFS."""

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.clients.hdfs import HdfsClient

SUPERUSER = "hdfs"


class HdfsResource(dg.ConfigurableResource[Any]):
    """The file system, as its superuser: nobody else may set an owner."""

    platform: dg.ResourceDependency[PlatformResource]
    timeout_seconds: float = Field(
        default=6, description="Timeout for connecting and for each wait for data."
    )

    def client(self) -> HdfsClient:
        """Return a client of the NameNode.

        Raises:
            EndpointsError: There is no platform.
        """
        return HdfsClient.connect(
            self.platform.endpoints(), SUPERUSER, self.timeout_seconds
        )
