"""Both Kafka clusters, as the principal ``dagster``."""

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.clients.kafka.offsets import OffsetReader
from goodsflow.model.endpoints import ClusterName

PRINCIPAL = "dagster"


class KafkaResource(dg.ConfigurableResource[Any]):
    """Offsets of both clusters."""

    platform: dg.ResourceDependency[PlatformResource]
    watch_timeout_seconds: float = Field(
        default=6, description="Timeout of each request of a check or a sensor."
    )

    def offsets(self, cluster: ClusterName) -> OffsetReader:
        """Return a reader of offsets, which gives up soon.

        Raises:
            EndpointsError: There is no platform, or no password.
        """
        return OffsetReader.connect(
            self.platform.endpoints(), cluster, PRINCIPAL, self.watch_timeout_seconds
        )
