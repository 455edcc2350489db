"""The desired state, and the reconciler that plans and applies it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from pydantic import Field

from dagster_project.resources.platform import PlatformResource
from goodsflow.desired_state.providers.lock import apply_lock
from goodsflow.desired_state.providers.reconciler import Reconciler
from goodsflow.desired_state.providers.timeouts import Timeouts

PRINCIPAL = "dagster"


class DesiredStateResource(dg.ConfigurableResource[Any]):
    """What ``platform.yaml`` declares, and how long to wait for each system."""

    platform: dg.ResourceDependency[PlatformResource]
    request_timeout_seconds: float = Field(
        default=20, description="Timeout of each request of a run."
    )
    ready_timeout_seconds: float = Field(
        default=120,
        description="How long to wait until the schema registry or Connect is ready.",
    )
    running_timeout_seconds: float = Field(
        default=120,
        description="How long to wait until every connector and task is running.",
    )
    ksqldb_ready_timeout_seconds: float = Field(
        default=240, description="How long to wait until ksqlDB accepts statements."
    )
    lock_timeout_seconds: float = Field(
        default=300, description="How long to wait for another apply to finish."
    )
    watch_timeout_seconds: float = Field(
        default=6, description="Timeout of each request of a check or a sensor."
    )

    def reconciler(self) -> Reconciler:
        """Return the reconciler of the declaration as it is now.

        Raises:
            SpecError: With every problem in the declaration.
            GoodsflowError: A file it names is invalid, or there is no platform.
        """
        return self._reconciler(self.request_timeout_seconds)

    def watching_reconciler(self) -> Reconciler:
        """Return a reconciler that gives up soon, for checks and sensors.

        Raises:
            SpecError: With every problem in the declaration.
            GoodsflowError: A file it names is invalid, or there is no platform.
        """
        return self._reconciler(self.watch_timeout_seconds)

    def _reconciler(self, request_seconds: float) -> Reconciler:
        return Reconciler.of_file(
            self.platform.declaration_path(),
            self.platform.endpoints(),
            principal=PRINCIPAL,
            timeouts=Timeouts(
                request=request_seconds,
                ready=self.ready_timeout_seconds,
                running=self.running_timeout_seconds,
                ksqldb_ready=self.ksqldb_ready_timeout_seconds,
            ),
        )

    @contextmanager
    def apply_lock(self, who: str) -> Iterator[None]:
        """Hold the right to change the platform.

        Raises:
            ApplyLockedError: Another apply did not end in time.
            EndpointsError: There is no platform.
        """
        path = self.platform.endpoints().state_dir / "apply.lock"
        with apply_lock(path, who, timeout_seconds=self.lock_timeout_seconds):
            yield
