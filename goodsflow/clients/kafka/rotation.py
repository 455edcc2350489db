"""One principal's change of password on one cluster, in steps that may be repeated.

The new password lies beside the old one until the cluster has it, so that at every
moment one of the two files logs in: whoever comes after a change that was cut short can
tell which. Who has to start anew for it is not known here.
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
"""Each broker hears of a new credential through ZooKeeper, soon but not at once."""
_POLL_SECONDS = 0.3


class Rotation:
    """The change of one principal's password on one cluster.

    Args:
        files: The cluster's password files.
        principal: Whose password changes.
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
        """Whether a new password lies beside the old one."""
        return self._next.exists()

    def prepare(self) -> None:
        """Write a new password beside the old one; one that lies there stays.

        Raises:
            EndpointsError: It cannot be written.
        """
        if self.is_pending:
            return
        with self._naming("write the new password"):
            write_secret(self._next)

    def set_at_cluster(self, admin: KafkaAdmin) -> None:
        """Give the cluster the new password; where none lies there, the file's.

        Raises:
            KafkaError: The cluster refused or did not answer.
            EndpointsError: A file cannot be read.
        """
        outcome = admin.upsert_credentials({self.principal: self._newest()})
        if error := outcome[self.principal]:
            raise error

    def replace(self) -> None:
        """Put the new password in the old one's place.

        The file's time tells from now on who has started since.

        Raises:
            EndpointsError: It cannot be renamed.
        """
        if not self.is_pending:
            return
        with self._naming("put the new password in its place"):
            _date_now(self._next)
            move_whole(self._next, self._file)

    def await_effect(self, timeout_seconds: float = _EFFECTIVE_SECONDS) -> None:
        """Wait until every broker lets the principal in with its file.

        Raises:
            ClusterUnavailableError: A broker did not answer.
            OperationFailedError: A broker still refuses.
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
                        f"'{self.cluster}' is not in effect on broker {broker} within "
                        f"{timeout_seconds:.0f} s: {result.error}. Is the broker up? "
                        "Then rotate again: that finishes this change."
                    )
                deadline.pause()

    def logs_in(self) -> bool:
        """Say whether the cluster takes the password of the file.

        Raises:
            ClusterUnavailableError: Nobody answered.
            EndpointsError: There is no file.
        """
        return self._works()

    def settle(self) -> bool:
        """End a change that was cut short, whichever password the cluster has.

        Returns:
            Whether there was one, and it is settled.

        Raises:
            ClusterUnavailableError: Nobody answered; nothing was changed.
        """
        if not self.is_pending:
            return False
        if self._works(self._newest()):
            self.replace()
            return True
        if self._file.exists() and not self.logs_in():
            return False
        with self._naming("remove the password that never came into effect"):
            self._next.unlink()
        return True

    def changed_at(self) -> float | None:
        """Return when the password was put in place, in seconds since the epoch."""
        try:
            return self._file.stat().st_mtime
        except FileNotFoundError:
            return None

    def correct_time(self) -> bool:
        """Date the password's file to now where its time is still to come.

        So it is where the clock was ahead when it was written and has been set back:
        whatever starts until then would count as older than the file, again and again.

        Returns:
            Whether it was. Then nobody can tell who has started since.

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
    """Give a file the present time.

    In whole seconds, as the supervisor tells when a part was started: one that came
    back within the same second would count as older than the file.
    """
    now = int(time.time())
    os.utime(file, (now, now))


def rotation_lock(endpoints: Endpoints) -> AbstractContextManager[None]:
    """Keep a second rotation out; the kernel frees it however this process ends.

    Raises:
        RotationRunsError: Another is under way.
        EndpointsError: The folder of the secrets cannot be written.
    """
    path = endpoints.secrets_dir / "rotation.lock"
    return held(
        path,
        str(os.getpid()),
        busy=lambda holder: RotationRunsError(
            f"Another rotation (process {holder}) is under way and holds {path}. "
            "Nothing was changed; try again when it has ended."
        ),
        unusable=lambda reason: EndpointsError(
            f"Cannot hold {path} against a second rotation: {reason}."
        ),
    )
