"""ksqlDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.bootstrap import await_ksqldb
from goodsflow.ksqldb import KsqlClient


class KsqldbResource(dg.ConfigurableResource[Any]):
    """The ksqlDB server, where the platform has one, and how long to wait for it."""

    platform: dg.ResourceDependency[PlatformResource]
    ready_timeout_seconds: float = Field(
        default=240, description="For the server to take statements."
    )
    watch_timeout_seconds: float = Field(
        default=6, description="For each question of a check or a sensor."
    )

    def is_there(self) -> bool:
        """Say whether the platform has a ksqlDB.

        Raises:
            EndpointsError: There is no platform.
        """
        return self.platform.endpoints().ksqldb_url is not None

    @contextmanager
    def ready_client(self) -> Iterator[KsqlClient]:
        """Wait until the server is ready and lend a client of it.

        Raises:
            NotReadyInTimeError: It is not ready in time.
            KsqlError: It refused, or the platform has none.
            EndpointsError: There is no platform.
        """
        with KsqlClient.connect(self.platform.endpoints()) as client:
            await_ksqldb(client, self.ready_timeout_seconds)
            yield client

    def watching_client(self) -> KsqlClient:
        """Return a client that gives up soon, for watching.

        Raises:
            KsqlUnavailableError: The platform has no ksqlDB.
            EndpointsError: There is no platform.
        """
        return KsqlClient.connect(
            self.platform.endpoints(), timeout_seconds=self.watch_timeout_seconds
        )
