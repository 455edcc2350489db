"""Rotate one principal's password on one cluster, in steps that can be repeated.

The new password stays next to the old one until the cluster has it. So one of the two
files always logs in, and an interrupted rotation can be completed. Not here: which
parts have to restart (``goodsflow.deploy.native.rotation``).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from goodsflow.clients.kafka.admin import KafkaAdmin
from goodsflow.clients.kafka.config import client_config
from goodsflow.clients.kafka.credentials import PasswordFiles, credential_works
from goodsflow.clients.kafka.errors import (
    ClusterUnavailableError,
    OperationFailedError,
    RotationRunsError,
)
from goodsflow.clients.kafka.login import Login, log_in
from goodsflow.common.atomic_file import move_whole
from goodsflow.common.clock import elapsed
from goodsflow.common.file_lock import held
from goodsflow.common.secrets import Secret, write_secret
from goodsflow.common.waiting import Deadline
from goodsflow.model.endpoints import Endpoints, EndpointsError

_EFFECTIVE_SECONDS = 30.0
"""How long brokers may take to learn of a new credential through ZooKeeper."""
_POLL_SECONDS = 0.3


class Rotation:
    """The rotation of one principal's password on one cluster.

    Args:
        files: The cluster's password files.
        principal: The principal whose password changes.
    """

    def __init__(self, files: PasswordFiles, principal: str) -> None:
        self.cluster = files.cluster
        self.principal = principal
        self._endpoints = files.endpoints
        self._timeout_seconds = files.timeout_seconds
        self._file = files.endpoints.password_file(files.cluster, principal)
        self._next = self._file.with_name(f"{self._file.name}.next")

    @property
    def is_pending(self) -> bool:
        """Whether a new password waits next to the old one."""
        return self._next.exists()

    def prepare(self) -> None:
        """Write a new password next to the old one; keep one that exists already.

        Raises:
            EndpointsError: The file cannot be written.
        """
        if self.is_pending:
            return
        with self._naming("write the new password"):
            write_secret(self._next)

    def set_at_cluster(self, admin: KafkaAdmin) -> None:
        """Set the new password on the cluster, or the current one if there is none.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: A file cannot be read.
        """
        outcome = admin.upsert_credentials({self.principal: self._newest()})
        if error := outcome[self.principal]:
            raise error

    def replace(self) -> None:
        """Replace the old password with the new one.

        The file's time then shows which parts have started since.

        Raises:
            EndpointsError: The file cannot be renamed.
        """
        if not self.is_pending:
            return
        with self._naming("install the new password"):
            _date_now(self._next)
            move_whole(self._next, self._file)

    def await_effect(self, timeout_seconds: float = _EFFECTIVE_SECONDS) -> None:
        """Wait until every broker accepts the password in the file.

        Raises:
            ClusterUnavailableError: A broker did not answer.
            OperationFailedError: A broker still refuses the login.
        """
        deadline = Deadline(timeout_seconds, interval_seconds=_POLL_SECONDS)
        for broker in self._endpoints.bootstrap_servers[self.cluster].split(","):
            while (result := self._login(broker)).error:
                if deadline.is_over:
                    kind = (
                        OperationFailedError
                        if result.refused
                        else ClusterUnavailableError
                    )
                    raise kind(
                        f"The new password of principal '{self.principal}' on cluster "
                        f"'{self.cluster}' is not in effect on broker {broker} after "
                        f"{timeout_seconds:.0f} s: {result.error}. Check that the "
                        "broker is up, then rotate again to complete this rotation."
                    )
                deadline.pause()

    def logs_in(self) -> bool:
        """Return whether a login with the password in the file succeeds.

        Raises:
            ClusterUnavailableError: No broker answered.
            EndpointsError: There is no password file.
        """
        return self._works()

    def settle(self) -> bool:
        """Complete an interrupted rotation, whichever password the cluster has.

        Returns:
            Whether there was one and it is complete now.

        Raises:
            ClusterUnavailableError: No broker answered; nothing was changed.
        """
        if not self.is_pending:
            return False
        if self._works(self._newest()):
            self.replace()
            return True
        if self._file.exists() and not self.logs_in():
            return False
        with self._naming("remove the unused new password"):
            self._next.unlink()
        return True

    def changed_at(self) -> float | None:
        """Return when the password changed, in seconds since the epoch."""
        try:
            return self._file.stat().st_mtime
        except FileNotFoundError:
            return None

    def correct_time(self) -> bool:
        """Set the time of the password's file to now if it is in the future.

        That happens if the clock was ahead when the file was written: every part that
        starts before that time would seem older than the file, again and again.

        Returns:
            Whether it was in the future. Then it is unknown who has started since.

        Raises:
            EndpointsError: The time cannot be set.
        """
        changed_at = self.changed_at()
        if changed_at is None or elapsed(changed_at, time.time()) is not None:
            return False
        with self._naming("set the time of the password", self._file):
            _date_now(self._file)
        return True

    def _newest(self) -> Secret:
        if not self.is_pending:
            return self._endpoints.password(self.cluster, self.principal)
        with self._naming("read the new password"):
            return Secret(self._next.read_text(encoding="utf-8").strip())

    def _works(self, password: Secret | None = None) -> bool:
        return credential_works(
            self._endpoints,
            self.cluster,
            self.principal,
            self._timeout_seconds,
            password,
        )

    def _login(self, broker: str) -> Login:
        config = client_config(self._endpoints, self.cluster, self.principal)
        return log_in(config | {"bootstrap.servers": broker}, self._timeout_seconds)

    @contextmanager
    def _naming(self, attempted: str, file: Path | None = None) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EndpointsError(
                f"Cannot {attempted} of principal '{self.principal}' on cluster "
                f"'{self.cluster}', {file or self._next}: {error.strerror}."
            ) from error


def _date_now(file: Path) -> None:
    """Set a file's time to now, in whole seconds.

    The supervisor reports start times in whole seconds: otherwise a part that restarts
    within the same second would seem older than the file.
    """
    now = int(time.time())
    os.utime(file, (now, now))


def rotation_lock(endpoints: Endpoints) -> AbstractContextManager[None]:
    """Lock out a second rotation; the kernel releases the lock when this process ends.

    Raises:
        RotationRunsError: Another rotation is running.
        EndpointsError: The secrets' folder is not writable.
    """
    path = endpoints.secrets_dir / "rotation.lock"
    return held(
        path,
        str(os.getpid()),
        busy=lambda holder: RotationRunsError(
            f"Another rotation (process {holder}) is running and holds {path}. "
            "Nothing was changed. Try again when it has finished."
        ),
        unusable=lambda reason: EndpointsError(
            f"Cannot lock {path} for the rotation: {reason}."
        ),
    )
