"""Both Kafka clusters, as the principal ``dagster``."""

from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.endpoints import ClusterName
from goodsflow.kafka.admin import KafkaAdmin
from goodsflow.kafka.credentials import PasswordFiles
from goodsflow.kafka.offsets import OffsetReader

PRINCIPAL = "dagster"


class KafkaResource(dg.ConfigurableResource[Any]):
    """Administration and offsets of both clusters."""

    platform: dg.ResourceDependency[PlatformResource]
    timeout_seconds: float = Field(
        default=20, description="For each operation of an administrative client."
    )
    watch_timeout_seconds: float = Field(
        default=6, description="For each question of a check or a sensor."
    )

    def admin(self, cluster: ClusterName) -> KafkaAdmin:
        """Log in and return an administrative client.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: There is no platform, or no password.
        """
        return KafkaAdmin.connect(
            self.platform.endpoints(), cluster, PRINCIPAL, self.timeout_seconds
        )

    def watching_admin(self, cluster: ClusterName) -> KafkaAdmin:
        """Return an administrative client that gives up soon, for watching.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: There is no platform, or no password.
        """
        return KafkaAdmin.connect(
            self.platform.endpoints(), cluster, PRINCIPAL, self.watch_timeout_seconds
        )

    def offsets(self, cluster: ClusterName) -> OffsetReader:
        """Return a reader of offsets, which gives up soon.

        Raises:
            EndpointsError: There is no platform, or no password.
        """
        return OffsetReader.connect(
            self.platform.endpoints(), cluster, PRINCIPAL, self.watch_timeout_seconds
        )

    def passwords(self, cluster: ClusterName) -> PasswordFiles:
        """Return the password files of a cluster's principals.

        Raises:
            EndpointsError: There is no platform.
        """
        return PasswordFiles(self.platform.endpoints(), cluster)
