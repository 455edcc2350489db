"""What ``platform.yaml`` declares: an asset for each kind of thing in each system."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

import dagster as dg
from pydantic import Field, field_validator

from dagster_project.assets.groups import BOOTSTRAP, PLATFORM_TEAM
from dagster_project.failures import RETRY_POLICY, failure_of, named_failures
from dagster_project.reporting import report
from dagster_project.resources import DesiredStateResource
from goodsflow.desired_state.planning import Permission, Target
from goodsflow.desired_state.providers.provider import Result


class ApplyConfig(dg.Config):
    """Whether a run changes anything, and which unsafe changes it may make."""

    allow: list[str] = Field(
        default_factory=list,
        description="Permissions for changes that can lose records, access or "
        f"ordering: {', '.join(get_args(Permission))}.",
    )
    dry_run: bool = Field(
        default=False,
        description="Plan only, and change nothing. The plan is in the metadata.",
    )

    @field_validator("allow")
    @classmethod
    def _are_permissions(cls, allow: list[str]) -> list[str]:
        unknown = sorted(set(allow) - set(get_args(Permission)))
        if unknown:
            raise ValueError(f"there is no permission {', '.join(unknown)}")
        return allow

    def permissions(self) -> frozenset[Permission]:
        """Return the permissions."""
        return frozenset(p for p in get_args(Permission) if p in self.allow)


@dataclass(frozen=True)
class DeclaredAsset:
    """An asset that stands for one target.

    Attributes:
        waits: How late it runs among the assets that could. One that may have to wait
            for its system lets the others go first.
    """

    target: Target
    key: str
    kinds: frozenset[str]
    deps: tuple[str, ...]
    description: str
    waits: int = 0

    def definition(self) -> dg.AssetsDefinition:
        """Return the asset."""
        target = self.target

        @dg.asset(
            key=self.key,
            group_name=BOOTSTRAP,
            kinds=set(self.kinds),
            deps=list(self.deps),
            description=self.description,
            owners=PLATFORM_TEAM,
            retry_policy=RETRY_POLICY,
            op_tags={"dagster/priority": str(-10 * self.waits)},
            # A platform may have no ksqlDB.
            output_required=target.kind != "views",
        )
        def make(
            context: dg.AssetExecutionContext,
            config: ApplyConfig,
            desired_state: DesiredStateResource,
        ) -> Iterator[dg.MaterializeResult[None]]:
            yield from _reconcile(context, target, config, desired_state)

        return make


def _reconcile(
    context: dg.AssetExecutionContext,
    target: Target,
    config: ApplyConfig,
    desired_state: DesiredStateResource,
) -> Iterator[dg.MaterializeResult[None]]:
    with named_failures(), desired_state.reconciler() as reconciler:
        if target not in reconciler.targets():
            context.log.info("This platform has no %s: nothing to do", target)
            return
        provider = reconciler.provider(target)
        provider.await_ready()
        with desired_state.apply_lock(f"Dagster's run {context.run.run_id}"):
            plan = provider.plan()
            if config.dry_run:
                yield report(plan, (), (), dry_run=True)
                return
            results = reconciler.apply(
                plan.changes,
                config.permissions(),
                lambda result: _log(context, result),
            )
        failure = failure_of(plan, results)
        if failure:
            raise failure
        yield report(plan, results, provider.settle())


def _log(context: dg.AssetExecutionContext, result: Result) -> None:
    if result.error is None:
        context.log.info("done: %s", result.change.what)
    else:
        context.log.error("failed: %s: %s", result.change.what, result.error)


_KAFKA = frozenset({"kafka"})
_RERUN = (
    "A rerun makes the safe changes. It makes a change that can lose records, access "
    "or ordering only if the run's configuration allows it. Anything that is neither "
    "declared nor in the declared scope is never touched."
)

DECLARED_ASSETS = (
    *(
        DeclaredAsset(
            Target("topics", cluster),
            f"{cluster}_topics",
            _KAFKA,
            (),
            f"The declared topics of the {cluster} cluster exist, with their "
            f"partitions, replicas and settings. {_RERUN}",
        )
        for cluster in ("inbound", "analytics")
    ),
    *(
        DeclaredAsset(
            Target("quotas", cluster),
            f"{cluster}_quotas",
            _KAFKA,
            (),
            f"Principals of the {cluster} cluster have their declared quotas. {_RERUN}",
        )
        for cluster in ("inbound", "analytics")
    ),
    DeclaredAsset(
        Target("acls", "inbound"),
        "inbound_acls",
        _KAFKA,
        ("inbound_topics",),
        "The principals of the inbound cluster have the rights that are declared. "
        f"{_RERUN}",
    ),
    DeclaredAsset(
        Target("acls", "analytics"),
        "analytics_acls",
        _KAFKA,
        ("analytics_topics", "inbound_acls"),
        "The principals of the analytics cluster have the rights that are declared; on "
        "mirrored topics also those that MirrorMaker copies from the inbound cluster. "
        f"A right that is revoked there is removed here too. {_RERUN}",
    ),
    *(
        DeclaredAsset(
            Target("principals", cluster),
            f"{cluster}_principals",
            _KAFKA,
            (f"{cluster}_acls", f"{cluster}_quotas"),
            f"Every principal of the {cluster} cluster can log in with its password. "
            f"Rights and quotas are set first, before anybody can log in. {_RERUN}",
        )
        for cluster in ("inbound", "analytics")
    ),
    DeclaredAsset(
        Target("schemas"),
        "schemas",
        frozenset({"json"}),
        ("inbound_principals",),
        "Every declared subject has its schema and its compatibility in the registry. "
        f"The registry starts once its principal can log in. {_RERUN}",
        waits=1,
    ),
    DeclaredAsset(
        Target("directories"),
        "hdfs_directories",
        frozenset({"hadoop"}),
        (),
        "The declared HDFS directories exist, with their owners and modes. Their "
        "contents are not touched.",
    ),
    DeclaredAsset(
        Target("connectors"),
        "connectors",
        _KAFKA,
        ("inbound_principals", "analytics_principals", "schemas", "hdfs_directories"),
        "Every declared connector has its configuration and its state, and all its "
        "tasks run. A connector whose configuration is as declared is not touched; "
        f"failed tasks are restarted. {_RERUN}",
        waits=1,
    ),
    DeclaredAsset(
        Target("views"),
        "search_views",
        frozenset({"sql"}),
        ("analytics_topics", "analytics_principals", "schemas"),
        "Every declared view exists in ksqlDB, for the users' search. On a platform "
        "without ksqlDB nothing is materialized: the search has its own index there. "
        f"{_RERUN}",
        waits=2,
    ),
)
"""In the order of application."""

ASSET_OF: Mapping[Target, str] = {asset.target: asset.key for asset in DECLARED_ASSETS}
"""The asset that stands for a target."""
