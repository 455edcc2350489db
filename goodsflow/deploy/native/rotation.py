"""Rotating passwords while the native platform runs.

Parts that follow their password file keep running. Parts that read it at their start
(``Part.logins``, ``Part.serves_as``) are restarted one at a time if they have been
running since before the file was written. An interrupted rotation can thus be detected,
and the next ``rotate`` or ``goodsflow up`` finishes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from goodsflow.clients.connect import ConnectClient
from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.credentials import PasswordFiles
from goodsflow.clients.kafka.errors import (
    AuthenticationFailedError,
    ClusterUnavailableError,
    KafkaError,
)
from goodsflow.clients.kafka.rotation import Rotation, rotation_lock
from goodsflow.common.counting import counted
from goodsflow.common.waiting import wait_for
from goodsflow.deploy.native.errors import PartFailedError, UnknownPrincipalError
from goodsflow.deploy.native.parts import Part
from goodsflow.deploy.native.platform import NativePlatform
from goodsflow.deploy.native.progress import Progress
from goodsflow.deploy.native.startup import Startup
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.desired_state.providers.connectors import await_running
from goodsflow.desired_state.providers.lock import apply_lock
from goodsflow.model.endpoints import ClusterName
from goodsflow.model.spec import Platform

_ADMIN = "admin"
_BROKER = "broker"
_LOCK_SECONDS = 300.0
_REPLICATED_SECONDS = 120.0
_CONNECTORS_SECONDS = 120.0


@dataclass
class Outcome:
    """The result of a rotation on one cluster.

    Attributes:
        resumed: Whether an interrupted rotation was finished, without a newer password.
        restarted: Parts that were restarted, in order.
        follows: Parts that use the new password from their next login on.
    """

    cluster: ClusterName
    resumed: bool
    restarted: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)


def clusters_of(
    spec: Platform, principal: str, only: ClusterName | None
) -> list[ClusterName]:
    """Return the clusters that declare a principal with a managed password.

    Raises:
        UnknownPrincipalError: None does; the message lists the declared ones.
    """
    declared: dict[ClusterName, list[str]] = {
        name: [p for p, each in cluster.principals.items() if has_password(each)]
        for name, cluster in spec.clusters.items()
        if only is None or name == only
    }
    found = [name for name, names in declared.items() if principal in names]
    if not found:
        known = "; ".join(f"{c}: {', '.join(names)}" for c, names in declared.items())
        raise UnknownPrincipalError(
            f"Cannot rotate the password of principal '{principal}': platform.yaml "
            "declares no such principal with a managed password. Principals with "
            f"one: {known}."
        )
    return found


def has_password(principal: object) -> bool:
    """Return whether the platform manages a declared principal's password."""
    return getattr(principal, "credential", "managed") == "managed"


def rotate(
    platform: NativePlatform,
    principal: str,
    clusters: Sequence[ClusterName],
    progress: Progress,
) -> list[Outcome]:
    """Give a principal a new password, or finish an interrupted rotation.

    Args:
        platform: A running platform.
        principal: A principal that the clusters declare.
        clusters: The clusters to rotate on.
        progress: Shows each step.

    Raises:
        KafkaError: A cluster refused, did not answer, or another rotation runs.
        NativeError: A part did not restart, or another launcher is running.
        EndpointsError: A password file cannot be read or written.
    """
    with ExitStack() as held:
        held.enter_context(rotation_lock(platform.endpoints))
        held.enter_context(platform.home.locked())
        rotators = [Rotator(platform, name, progress) for name in clusters]
        # Connect to all of them before changing anything.
        for rotator in rotators:
            rotator.connect()
        return [rotator.rotate(principal) for rotator in rotators]


def recover_before_start(
    platform: NativePlatform, spec: Platform, *, cold: bool
) -> None:
    """Make logins work for the start's probes if a rotation was interrupted.

    Args:
        platform: The platform that is about to start; this process has locked it.
        spec: Its declaration.
        cold: Whether nothing runs; then the first brokers set their passwords again.
    """
    for rotation in _rotations(platform, spec):
        # Before any part starts, so that the file cannot look newer than a part.
        rotation.correct_time()
        if not rotation.is_pending:
            continue
        if cold:
            for part in platform.parts:
                if (rotation.cluster, _BROKER) in part.serves_as:
                    made = platform.home.data(part.name) / "users-made"
                    made.unlink(missing_ok=True)
        else:
            # If its brokers are down, `finish` does this once they are up.
            with suppress(ClusterUnavailableError):
                rotation.settle()


def finish(platform: NativePlatform, spec: Platform, progress: Progress) -> list[str]:
    """Finish interrupted rotations once all parts are up; return the restarted parts.

    Raises:
        KafkaError: A cluster refused or did not answer.
        NativeError: A part did not restart.
    """
    restarted: list[str] = []
    for rotation in _rotations(platform, spec):
        stale = stale_parts(platform, rotation)
        if not rotation.is_pending and not stale:
            continue
        rotator = Rotator(platform, rotation.cluster, progress)
        rotator.connect()
        restarted += rotator.finish(rotation).restarted
    return restarted


def _rotations(platform: NativePlatform, spec: Platform) -> Iterator[Rotation]:
    for name, cluster in spec.clusters.items():
        files = PasswordFiles(platform.endpoints, name)
        # The admin comes first: it sets the passwords of the others.
        for principal in sorted(cluster.principals, key=lambda p: p != _ADMIN):
            if has_password(cluster.principals[principal]):
                yield Rotation(files, principal)


def stale_parts(platform: NativePlatform, rotation: Rotation) -> list[Part]:
    """Return the parts that still use an older password than the file's.

    The first broker, which stores passwords in ZooKeeper, is last.
    """
    changed_at = rotation.changed_at()
    if changed_at is None:
        return []
    started = {
        process.name: process.started_at
        for process in SupervisorClient(platform.home.socket).processes()
    }
    user = (rotation.cluster, rotation.principal)
    stale = [
        part
        for part in platform.parts
        if user in (*part.logins, *part.serves_as)
        and (at := started.get(part.name)) is not None
        and at < changed_at
    ]
    return stale[::-1] if rotation.principal == _BROKER else stale


class Rotator:
    """Rotates passwords on one cluster.

    Args:
        platform: A running platform.
        cluster: The cluster.
        progress: Shows each step.
    """

    def __init__(
        self, platform: NativePlatform, cluster: ClusterName, progress: Progress
    ) -> None:
        self._platform = platform
        self._cluster = cluster
        self._progress = progress
        self._files = PasswordFiles(platform.endpoints, cluster)
        self._admin: KafkaAdmin | None = None
        self._partitions: set[tuple[str, int]] = set()

    def connect(self) -> None:
        """Log in; if necessary, finish an interrupted rotation of the admin first.

        Raises:
            KafkaError: The cluster refused or did not answer.
        """
        try:
            self._admin = self._connected()
        except AuthenticationFailedError:
            if not Rotation(self._files, _ADMIN).settle():
                raise
            self._admin = self._connected()

    def _connected(self) -> KafkaAdmin:
        return KafkaAdmin.connect(self._platform.endpoints, self._cluster, _ADMIN)

    def rotate(self, principal: str) -> Outcome:
        """Give a principal a new password, or finish an interrupted rotation."""
        rotation = Rotation(self._files, principal)
        # Parts that seem stale because of a wrong time are restarted anyway.
        is_misdated = rotation.correct_time()
        unfinished = (
            rotation.is_pending
            or not rotation.logs_in()
            or (not is_misdated and bool(stale_parts(self._platform, rotation)))
        )
        if not unfinished:
            rotation.prepare()
        outcome = self.finish(rotation)
        outcome.resumed = unfinished
        return outcome

    def finish(self, rotation: Rotation) -> Outcome:
        """Bring the newest password into effect everywhere."""
        user = (self._cluster, rotation.principal)
        outcome = Outcome(self._cluster, resumed=True)
        outcome.follows = [p.name for p in self._platform.parts if user in p.follows]
        if rotation.principal == _BROKER:
            self._roll_brokers(rotation, outcome)
            return outcome
        self._set(rotation)
        for part in stale_parts(self._platform, rotation):
            with self._connectors_restored(part):
                self._restart(part)
            outcome.restarted.append(part.name)
        return outcome

    def _set(self, rotation: Rotation) -> None:
        what = f"'{rotation.principal}' on {self._cluster}"
        with self._step(f"{what}: new password"), self._apply_locked():
            if rotation.is_pending or not rotation.logs_in():
                rotation.set_at_cluster(self._client)
            rotation.replace()
        with self._step(f"{what}: login on each broker"):
            rotation.await_effect()

    def _roll_brokers(self, rotation: Rotation, outcome: Outcome) -> None:
        """Change the password that the brokers use among themselves.

        The last broker with the old password leads the cluster while the others
        restart, and must be able to log in to them. The cluster therefore gets the new
        password only after these have restarted, and they wait for it until then.

        That broker also logs in to itself, as the controller, when it first reports
        that a replica is in sync again. The others are therefore restarted once before
        the change, too: that makes it the controller and opens this connection.
        """
        with self._apply_locked():
            brokers = [p for p in self._platform.parts if self._is_broker(p)]
            if rotation.is_pending:
                for part in brokers[:0:-1]:
                    self._await_replicas()
                    self._restart(part)
                self._await_replicas()
                rotation.replace()
            stale = stale_parts(self._platform, rotation)
            for part in stale[:-1]:
                self._await_replicas()
                self._restart(part)
                outcome.restarted.append(part.name)
            self._set_password(rotation)
            self._await_replicas()
            for part in stale[-1:]:
                self._restart(part)
                outcome.restarted.append(part.name)
            self._await_replicas()

    def _set_password(self, rotation: Rotation) -> None:
        with self._step(f"'{rotation.principal}' on {self._cluster}: new password"):
            if not rotation.logs_in():
                rotation.set_at_cluster(self._client)
            rotation.await_effect()

    def _is_broker(self, part: Part) -> bool:
        return (self._cluster, _BROKER) in part.serves_as

    def _await_replicas(self) -> None:
        """Wait until each partition stays available while one broker restarts."""
        with self._step(f"replicas on {self._cluster}"):
            wait_for(
                self._count_out_of_sync,
                self._replicas_late,
                timeout_seconds=_REPLICATED_SECONDS,
                retry_on=(KafkaError,),
                unmet=lambda behind: (
                    f"{counted(behind, 'partition')} with an out-of-sync replica"
                    if behind
                    else None
                ),
            )

    def _replicas_late(self, seconds: float, reason: str) -> PartFailedError:
        return PartFailedError(
            f"The rotation of '{_BROKER}' on cluster '{self._cluster}' stopped before "
            "the next restart of a broker, which would have made partitions "
            f"unavailable. Waited {seconds:.0f} s for the replicas on cluster "
            f"'{self._cluster}': {reason}. See `goodsflow status` and the brokers' "
            "logs; `goodsflow up` starts a broker that is down. Then run `goodsflow "
            f"credentials rotate {_BROKER}` again to continue. If replicas stay out of "
            "sync because a broker with the old password is rejected, run `goodsflow "
            "down` and `goodsflow up`, which bring the new password into effect."
        )

    def _count_out_of_sync(self) -> int:
        # A broker that has just started may answer without any partitions.
        found = self._client.replicated()
        self._partitions |= set(found)
        if not self._partitions:
            raise ClusterUnavailableError(
                f"No broker of cluster '{self._cluster}' reports partitions yet."
            )
        return sum(not found.get(each) for each in self._partitions)

    def _restart(self, part: Part) -> None:
        with self._step(f"stop {part.name}"):
            SupervisorClient(self._platform.home.socket).stop(part.name)
        others = [p.name for p in self._platform.parts if p.name != part.name]
        Startup(
            self._platform.home,
            self._platform.endpoints,
            [part],
            others,
            self._progress,
        ).run(bootstrap=False)

    @contextmanager
    def _connectors_restored(self, part: Part) -> Iterator[None]:
        """Wait after a worker's restart until the connectors run that ran before."""
        url = self._platform.endpoints.connect_url
        if part.address != url:
            yield
            return
        with ConnectClient(url) as client:
            running = [
                name
                for name in client.connectors()
                if client.status(name).state == "RUNNING"
            ]
            yield
            with self._step(f"connectors of {part.name}"):
                # Earlier failures may be shown until the connectors have started.
                await_running(
                    client,
                    running,
                    _CONNECTORS_SECONDS,
                    settle_seconds=_CONNECTORS_SECONDS,
                )

    @contextmanager
    def _apply_locked(self) -> Iterator[None]:
        """Keep out `goodsflow apply`, which would set the old password again."""
        path: Path = self._platform.endpoints.state_dir / "apply.lock"
        with apply_lock(
            path, "goodsflow credentials rotate", timeout_seconds=_LOCK_SECONDS
        ):
            yield

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        self._progress.begin(name)
        try:
            yield
        except BaseException:
            self._progress.failed(name)
            raise
        self._progress.done(name)

    @property
    def _client(self) -> KafkaAdmin:
        if self._admin is None:
            raise AssertionError("connect() comes first")
        return self._admin
