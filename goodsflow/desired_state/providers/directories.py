"""The directories of HDFS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from goodsflow.clients.hdfs import HdfsClient, HdfsNotFoundError
from goodsflow.desired_state.planning import Change, Plan, Target, plan_directories
from goodsflow.desired_state.providers.fragments import DeclarationFragment
from goodsflow.desired_state.providers.provider import Provider, Result, one_by_one
from goodsflow.model.endpoints import Endpoints
from goodsflow.model.spec import Directory

_SUPERUSER = "hdfs"
"""Only HDFS's superuser may set an owner."""


class DirectoriesProvider(Provider):
    """Creates directories and sets owners and modes; never touches their content.

    Args:
        endpoints: The platform's addresses.
        desired: The declared directories by path.
        timeout_seconds: The time limit of each request.
    """

    target = Target("directories")

    def __init__(
        self,
        endpoints: Endpoints,
        desired: Mapping[str, Directory],
        timeout_seconds: float,
    ) -> None:
        self._endpoints = endpoints
        self._desired = desired
        self._timeout_seconds = timeout_seconds

    def plan(self) -> Plan:
        """Compare the declared directories with HDFS.

        Raises:
            HdfsError: The NameNode refused or did not answer.
        """
        found, files = self._read()
        return plan_directories(self.target, self._desired, found, files)

    def adopt(self) -> DeclarationFragment:
        """Return the declared directories that exist, with their owners and modes."""
        found, _ = self._read()
        directories = {
            path: {"owner": each.owner, "mode": each.mode}
            for path, each in found.items()
        }
        return DeclarationFragment({"hdfs": {"directories": directories}})

    def _read(self) -> tuple[dict[str, Directory], list[str]]:
        """Return the declared directories that exist, and files that are in the way."""
        found: dict[str, Directory] = {}
        files: list[str] = []
        with self._client() as client:
            for path in self._desired:
                try:
                    status = client.status(path)
                except HdfsNotFoundError:
                    continue
                if not status.is_directory:
                    files.append(path)
                    continue
                # WebHDFS drops leading zeros.
                found[path] = Directory(owner=status.owner, mode=status.mode.zfill(3))
        return found, files

    def apply(self, changes: Sequence[Change]) -> Iterator[Result]:
        """Create missing directories, and set owner and mode."""
        with self._client() as client:
            yield from one_by_one(
                changes,
                lambda change: client.make_directory(
                    change.name, owner=change.desired.owner, mode=change.desired.mode
                ),
            )

    def _client(self) -> HdfsClient:
        return HdfsClient.connect(self._endpoints, _SUPERUSER, self._timeout_seconds)
