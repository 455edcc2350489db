"""Changing passwords while the native platform works, whoever logs in with them.

Parts that follow their password file are left alone. Those that read it when they start
(``Part.logins``, ``Part.serves_as``) start anew, one at a time, where they have run
since before the file was written: so a change that was cut short shows, and the next
``rotate`` or ``goodsflow up`` finishes it.
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
    """What came of a rotation on one cluster.

    Attributes:
        resumed: An earlier one was finished; there is no newer password than its.
        restarted: Parts that started anew, in that order.
        follows: Parts that take the password up at their next login.
    """

    cluster: ClusterName
    resumed: bool
    restarted: list[str] = field(default_factory=list)
    follows: list[str] = field(default_factory=list)


def clusters_of(
    spec: Platform, principal: str, only: ClusterName | None
) -> list[ClusterName]:
    """Return the clusters that declare a principal whose password is ours.

    Raises:
        UnknownPrincipalError: None does; with those that are declared.
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
            f"No password of principal '{principal}' can be rotated: platform.yaml "
            f"declares none with one of ours by that name. It has {known}."
        )
    return found


def has_password(principal: object) -> bool:
    """Say whether the platform manages a declared principal's password."""
    return getattr(principal, "credential", "managed") == "managed"


def rotate(
    platform: NativePlatform,
    principal: str,
    clusters: Sequence[ClusterName],
    progress: Progress,
) -> list[Outcome]:
    """Give a principal a new password on clusters; finish what was cut short instead.

    Args:
        platform: It is up.
        principal: One that the clusters declare.
        clusters: Where.
        progress: Is told each step.

    Raises:
        KafkaError: A cluster refused, did not answer, or another rotation runs.
        NativeError: A part did not come back, or a launcher is at work.
        EndpointsError: A password file cannot be read or written.
    """
    with ExitStack() as held:
        held.enter_context(rotation_lock(platform.endpoints))
        held.enter_context(platform.home.locked())
        rotators = [Rotator(platform, name, progress) for name in clusters]
        # All of them, before anything is changed.
        for rotator in rotators:
            rotator.connect()
        return [rotator.rotate(principal) for rotator in rotators]


def settle_before_start(
    platform: NativePlatform, spec: Platform, *, cold: bool
) -> None:
    """Let the start's probes log in where a rotation was cut short.

    Args:
        platform: What is about to start; this process holds its folder.
        spec: Its declaration.
        cold: Nothing runs: the first brokers put their files' passwords in anew.
    """
    for rotation in _rotations(platform, spec):
        # Before anything starts: what does so is no older than the file then.
        rotation.correct_time()
        if not rotation.is_pending:
            continue
        if cold:
            for part in platform.parts:
                if (rotation.cluster, _BROKER) in part.serves_as:
                    made = platform.home.data(part.name) / "users-made"
                    made.unlink(missing_ok=True)
        else:
            # With its brokers down it is settled once they are up.
            with suppress(ClusterUnavailableError):
                rotation.settle()


def finish(platform: NativePlatform, spec: Platform, progress: Progress) -> list[str]:
    """Finish what rotations left undone, with all parts up; return who started anew.

    Raises:
        KafkaError: A cluster refused or did not answer.
        NativeError: A part did not come back.
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
        # The one with which the others are put right comes first.
        for principal in sorted(cluster.principals, key=lambda p: p != _ADMIN):
            if has_password(cluster.principals[principal]):
                yield Rotation(files, principal)


def stale_parts(platform: NativePlatform, rotation: Rotation) -> list[Part]:
    """Return the parts that run with an older password than the file's.

    The first broker comes last: it is the one that puts passwords into ZooKeeper.
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
    """Rotates on one cluster.

    Args:
        platform: It is up.
        cluster: Which of its clusters.
        progress: Is told each step.
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
        """Log in, after ending an earlier change of the admin's own password.

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
        """Give a principal a new password, or finish what was cut short."""
        rotation = Rotation(self._files, principal)
        # Whoever may be stale by a wrong time starts anew for the new password too.
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
        """Bring the newest password there is into effect everywhere."""
        user = (self._cluster, rotation.principal)
        outcome = Outcome(self._cluster, resumed=True)
        outcome.follows = [p.name for p in self._platform.parts if user in p.follows]
        if rotation.principal == _BROKER:
            self._roll_brokers(rotation, outcome)
            return outcome
        self._set(rotation)
        for part in stale_parts(self._platform, rotation):
            with self._connectors_again(part):
                self._restart(part)
            outcome.restarted.append(part.name)
        return outcome

    def _set(self, rotation: Rotation) -> None:
        what = f"'{rotation.principal}' on {self._cluster}"
        with self._step(f"{what}: new password"), self._unapplied():
            if rotation.is_pending or not rotation.logs_in():
                rotation.set_at_cluster(self._client)
            rotation.replace()
        with self._step(f"{what}: login on each broker"):
            rotation.await_effect()

    def _roll_brokers(self, rotation: Rotation, outcome: Outcome) -> None:
        """Change the password that the brokers use among themselves.

        The last broker with the old password leads the cluster while the others come
        back, and has to log in to them: so the cluster gets the new one only when that
        has happened, and those that came back wait for it until then.

        It also logs in to itself, as the controller, when it first says that a replica
        is in step again. So the others start anew once before the change: that
        makes it the controller, and leaves it with that connection.
        """
        with self._unapplied():
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
            self._set_now(rotation)
            self._await_replicas()
            for part in stale[-1:]:
                self._restart(part)
                outcome.restarted.append(part.name)
            self._await_replicas()

    def _set_now(self, rotation: Rotation) -> None:
        with self._step(f"'{rotation.principal}' on {self._cluster}: new password"):
            if not rotation.logs_in():
                rotation.set_at_cluster(self._client)
            rotation.await_effect()

    def _is_broker(self, part: Part) -> bool:
        return (self._cluster, _BROKER) in part.serves_as

    def _await_replicas(self) -> None:
        """Wait until each partition outlives the restart of one broker."""
        with self._step(f"replicas on {self._cluster}"):
            wait_for(
                self._behind,
                self._replicas_late,
                timeout_seconds=_REPLICATED_SECONDS,
                retry_on=(KafkaError,),
                unmet=lambda behind: (
                    f"{behind} partitions have a replica that is behind"
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
            "logs; `goodsflow up` starts a broker that is down. Then `goodsflow "
            f"credentials rotate {_BROKER}` goes on. Replicas that stay behind because "
            "a broker with the old password is refused need `goodsflow down` and "
            "`goodsflow up`, which bring the new password into effect."
        )

    def _behind(self) -> int:
        # A broker that has just started is asked too, and may know no partition yet.
        found = self._client.replicated()
        self._partitions |= set(found)
        if not self._partitions:
            raise ClusterUnavailableError(
                f"No broker of cluster '{self._cluster}' names a partition yet."
            )
        return sum(not found.get(each) for each in self._partitions)

    def _restart(self, part: Part) -> None:
        with self._step(f"{part.name}: stop"):
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
    def _connectors_again(self, part: Part) -> Iterator[None]:
        """See that the connectors that ran before a worker's restart run after it."""
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
                # A failure from before may be shown as long as they take to start.
                await_running(
                    client,
                    running,
                    _CONNECTORS_SECONDS,
                    settle_seconds=_CONNECTORS_SECONDS,
                )

    @contextmanager
    def _unapplied(self) -> Iterator[None]:
        """Keep an apply out: it would set the password of a file about to change."""
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
