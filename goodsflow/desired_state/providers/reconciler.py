"""Plan and apply for the whole platform, over all targets in order."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Self, get_args

from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.credentials import PasswordFiles
from goodsflow.clients.kafka.errors import KafkaError
from goodsflow.clients.kafka.quotas import QuotaAdmin
from goodsflow.clients.ksqldb import KsqlClient
from goodsflow.common.closeable import Closeable
from goodsflow.common.errors import GoodsflowError
from goodsflow.desired_state.planning import (
    Change,
    Permission,
    Plan,
    Target,
    merge_plans,
    mirror_of,
)
from goodsflow.desired_state.providers.acls import AclsProvider, MirroredCluster
from goodsflow.desired_state.providers.connectors import ConnectorsProvider
from goodsflow.desired_state.providers.declared_files import (
    load_connectors,
    load_schemas,
)
from goodsflow.desired_state.providers.directories import DirectoriesProvider
from goodsflow.desired_state.providers.principals import PrincipalsProvider
from goodsflow.desired_state.providers.provider import Provider, Result
from goodsflow.desired_state.providers.quotas import QuotasProvider
from goodsflow.desired_state.providers.schemas import SchemasProvider
from goodsflow.desired_state.providers.timeouts import Timeouts
from goodsflow.desired_state.providers.topics import TopicsProvider
from goodsflow.desired_state.providers.views import ViewsProvider
from goodsflow.model.endpoints import ClusterName, Endpoints
from goodsflow.model.spec import Platform, load_platform

CLUSTERS: tuple[ClusterName, ...] = get_args(ClusterName)
MIRRORED: Mapping[ClusterName, ClusterName] = {"analytics": "inbound"}
"""The source cluster of each cluster that has mirrors."""

TARGETS: tuple[Target, ...] = (
    *(Target("topics", cluster) for cluster in CLUSTERS),
    *(Target("quotas", cluster) for cluster in CLUSTERS),
    *(Target("acls", cluster) for cluster in CLUSTERS),
    *(Target("principals", cluster) for cluster in CLUSTERS),
    Target("schemas"),
    Target("directories"),
    Target("connectors"),
    Target("views"),
)
"""Every target of ``platform.yaml``, in the order of application."""


@dataclass(frozen=True)
class PlanResults:
    """The plans for several targets.

    Attributes:
        plans: The plan of each target that could be read.
        failures: Why each of the others could not be read.
    """

    plans: Mapping[Target, Plan]
    failures: Mapping[Target, GoodsflowError]

    @property
    def plan(self) -> Plan:
        """The plans as one, in the order of application."""
        return merge_plans(self.plans.values())


class Reconciler(Closeable):
    """Plans and applies one declaration on one platform. Connects only when needed.

    Args:
        platform: The declaration.
        folder: The folder that its file paths are relative to.
        endpoints: The platform's addresses.
        principal: The principal to log in to the clusters with.
        timeouts: How long to wait for each system.

    Raises:
        DeclaredFileError: A file that the declaration names is missing or invalid.
    """

    def __init__(
        self,
        platform: Platform,
        folder: Path,
        endpoints: Endpoints,
        *,
        principal: str,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._platform = platform
        self._endpoints = endpoints
        self._principal = principal
        self._timeouts = timeouts or Timeouts()
        self._schemas = load_schemas(platform, folder)
        self._connectors = load_connectors(platform, folder)
        self._admins: dict[ClusterName, KafkaAdmin] = {}
        self._admin_failures: dict[ClusterName, tuple[float, KafkaError]] = {}
        self._admin_locks = {cluster: threading.Lock() for cluster in CLUSTERS}
        self._providers: dict[Target, Provider] = {}

    @classmethod
    def of_file(
        cls,
        file: Path,
        endpoints: Endpoints,
        *,
        principal: str,
        timeouts: Timeouts | None = None,
    ) -> Self:
        """Read the declaration and return its reconciler.

        Raises:
            SpecError: The declaration is invalid.
            DeclaredFileError: A file that it names is missing or invalid.
        """
        return cls(
            load_platform(file),
            file.parent,
            endpoints,
            principal=principal,
            timeouts=timeouts,
        )

    def close(self) -> None:
        """Drop the clients; librdkafka's close with their last reference."""
        self._admins.clear()
        self._providers.clear()

    def targets(self) -> tuple[Target, ...]:
        """Return this platform's targets; it may have no ksqlDB."""
        has_ksqldb = self._endpoints.ksqldb_url is not None
        return tuple(t for t in TARGETS if t.kind != "views" or has_ksqldb)

    def provider(self, target: Target) -> Provider:
        """Return the provider of a target."""
        if target not in self._providers:
            self._providers[target] = self._make_provider(target)
        return self._providers[target]

    def plan_all(self, targets: Iterable[Target]) -> PlanResults:
        """Plan for several targets in parallel."""
        targets = tuple(targets)
        with ThreadPoolExecutor(len(targets) or 1) as pool:
            planned = dict(zip(targets, pool.map(self._try_plan, targets), strict=True))
        return PlanResults(
            {t: plan for t, plan in planned.items() if isinstance(plan, Plan)},
            {t: e for t, e in planned.items() if isinstance(e, GoodsflowError)},
        )

    def apply(
        self,
        changes: Sequence[Change],
        allowed: Collection[Permission],
        report: Callable[[Result], None] = lambda _: None,
    ) -> list[Result]:
        """Apply the changes that are possible and allowed, in order.

        If one fails, the others are still tried.

        Args:
            changes: Changes of a plan whose targets could all be read.
            allowed: The permissions for changes that are not safe.
            report: Called with the result of each change.

        Returns:
            The result of each change that was tried.
        """
        results: list[Result] = []
        wanted = [change for change in changes if change.is_allowed(allowed)]
        for target, group in groupby(wanted, key=lambda change: change.target):
            for result in self._apply_group(target, list(group)):
                report(result)
                results.append(result)
        return results

    def _apply_group(self, target: Target, changes: list[Change]) -> Iterable[Result]:
        untold = list(changes)
        try:
            for result in self.provider(target).apply(changes):
                untold = [change for change in untold if change is not result.change]
                yield result
        except GoodsflowError as error:
            for change in untold:
                yield Result(change, error)

    def _try_plan(self, target: Target) -> Plan | GoodsflowError:
        try:
            return self.provider(target).plan()
        except GoodsflowError as error:
            return error

    def _make_provider(self, target: Target) -> Provider:
        if target.cluster is not None:
            return self._cluster_provider(target, target.cluster)
        scope, times = self._platform.scope, self._timeouts
        match target.kind:
            case "schemas":
                return SchemasProvider(
                    self._endpoints.schema_registry_url,
                    self._schemas,
                    scope.schemas,
                    timeout_seconds=times.request,
                    ready_timeout_seconds=times.ready,
                )
            case "directories":
                return DirectoriesProvider(
                    self._endpoints, self._platform.hdfs.directories, times.request
                )
            case "connectors":
                return ConnectorsProvider(
                    partial(ConnectClient, self._endpoints.connect_url, times.request),
                    self._connectors,
                    scope.connectors,
                    ready_timeout_seconds=times.ready,
                    running_timeout_seconds=times.running,
                )
            case "views":
                return ViewsProvider(
                    partial(
                        KsqlClient.connect,
                        self._endpoints,
                        timeout_seconds=times.request,
                    ),
                    self._platform.views,
                    scope.views,
                    ready_timeout_seconds=times.ksqldb_ready,
                )
            case _:
                raise ValueError(f"Target '{target.kind}' needs a cluster.")

    def _cluster_provider(self, target: Target, cluster: ClusterName) -> Provider:
        declared = self._platform.clusters[cluster]
        admin = partial(self._admin, cluster)
        match target.kind:
            case "topics":
                return TopicsProvider(cluster, declared, admin)
            case "acls":
                return AclsProvider(cluster, declared, admin, self._mirrored(cluster))
            case "principals":
                passwords = PasswordFiles(self._endpoints, cluster)
                return PrincipalsProvider(cluster, declared, admin, passwords)
            case "quotas":
                return QuotasProvider(
                    cluster,
                    declared,
                    partial(
                        QuotaAdmin.connect,
                        self._endpoints,
                        cluster,
                        self._principal,
                        self._timeouts.request,
                    ),
                )
            case _:
                raise ValueError(f"Target '{target.kind}' has no cluster.")

    def _mirrored(self, cluster: ClusterName) -> MirroredCluster | None:
        source = MIRRORED.get(cluster)
        mirrors = [
            mirror
            for connector in self._connectors.values()
            if (mirror := mirror_of(connector.config))
        ]
        if source is None or not mirrors:
            return None
        return MirroredCluster(
            mirrors[0], self._platform.clusters[source], partial(self._admin, source)
        )

    def _admin(self, cluster: ClusterName) -> KafkaAdmin:
        # Targets of one cluster are read in parallel and share one login, or its
        # failure.
        asked_at = time.monotonic()
        with self._admin_locks[cluster]:
            failed_at, failure = self._admin_failures.get(cluster, (0.0, None))
            if failure is not None and failed_at > asked_at:
                raise failure
            if cluster not in self._admins:
                try:
                    self._admins[cluster] = KafkaAdmin.connect(
                        self._endpoints,
                        cluster,
                        self._principal,
                        self._timeouts.request,
                    )
                except KafkaError as error:
                    self._admin_failures[cluster] = (time.monotonic(), error)
                    raise
            return self._admins[cluster]
