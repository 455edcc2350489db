"""A plain client of WebHDFS, over the package ``hdfs``.

One method for each request. Reads and writes are redirected to a DataNode; the NameNode
answers everything else.
https://hadoop.apache.org/docs/r3.4.2/hadoop-project-dist/hadoop-hdfs/WebHDFS.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

import hdfs
import requests

from goodsflow.clients.hdfs.errors import (
    HdfsError,
    HdfsNotFoundError,
    HdfsRefusedError,
    HdfsUnavailableError,
)
from goodsflow.common.closeable import Closeable
from goodsflow.model.endpoints import Endpoints

_READ_CHUNK_BYTES = 1 << 16

_UNAVAILABLE = {"SafeModeException", "RetriableException", "StandbyException"}
_REFUSED = {
    "AccessControlException",
    "SecurityException",
    "PathIsNotEmptyDirectoryException",
    "FileAlreadyExistsException",
    "ParentNotDirectoryException",
}


@dataclass(frozen=True)
class FileStatus:
    """The NameNode's information on a file or directory."""

    path: str
    is_directory: bool
    size: int
    modified_at: datetime
    owner: str
    group: str
    mode: str
    """Octal, as in chmod: ``755``."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rsplit("/", 1)[-1]


class HdfsClient(Closeable):
    """A client that acts as ``user``; this HDFS trusts the given name.

    Args:
        url: HTTP address of the NameNode.
        user: The user whose permissions apply.
        timeout_seconds: The time limit for connecting and for each wait for data.
    """

    def __init__(self, url: str, user: str, timeout_seconds: float = 10.0) -> None:
        self._url = url
        self._user = user
        self._session = requests.Session()
        # A proxy from the environment could not reach the platform on this host.
        self._session.trust_env = False
        self._client = hdfs.InsecureClient(
            url, user=user, timeout=timeout_seconds, session=self._session
        )

    @classmethod
    def connect(
        cls, endpoints: Endpoints, user: str, timeout_seconds: float = 10.0
    ) -> Self:
        """Return a client for the platform's file system."""
        return cls(endpoints.webhdfs_url, user, timeout_seconds)

    def close(self) -> None:
        """Close the connections; the client cannot be used afterwards."""
        self._session.close()

    def list_directory(self, path: str) -> list[FileStatus]:
        """List a directory's entries, ordered by name.

        Raises:
            HdfsNotFoundError: There is no such directory.
            HdfsError: The NameNode refused or did not answer.
        """
        with self._named_errors("list", path):
            entries = self._client.list(path, status=True)
        found = [_file_status(f"{path.rstrip('/')}/{n}", raw) for n, raw in entries]
        return sorted(found, key=lambda status: status.path)

    def status(self, path: str) -> FileStatus:
        """Return the status of a file or directory.

        Raises:
            HdfsNotFoundError: It does not exist.
            HdfsError: The NameNode refused or did not answer.
        """
        with self._named_errors("look up", path):
            return _file_status(path, self._client.status(path))

    def read(self, path: str) -> bytes:
        """Return the whole content of a file.

        Raises:
            HdfsNotFoundError: It does not exist.
            HdfsError: The NameNode or a DataNode refused or did not answer.
        """
        with (
            self._named_errors("read", path),
            self._client.read(path, chunk_size=_READ_CHUNK_BYTES) as chunks,
        ):
            return b"".join(chunks)

    def write(self, path: str, content: bytes, *, overwrite: bool = False) -> None:
        """Write a whole file.

        Raises:
            HdfsRefusedError: The file exists, or permission is denied.
            HdfsError: The NameNode or a DataNode refused or did not answer.
        """
        with self._named_errors("write", path):
            self._client.write(path, data=content, overwrite=overwrite)

    def make_directory(
        self, path: str, *, owner: str | None = None, mode: str | None = None
    ) -> None:
        """Create a directory and its parents if missing; set its owner and mode.

        Only HDFS's superuser may set an owner.

        Args:
            path: The absolute path.
            owner: None keeps the owner.
            mode: Octal, as in chmod; None keeps the mode.

        Raises:
            HdfsError: The NameNode refused or did not answer.
        """
        with self._named_errors("create the directory", path):
            self._client.makedirs(path, permission=mode)
            if mode is not None:
                # mkdirs applies the umask, and does not change an existing directory.
                self._client.set_permission(path, permission=mode)
            if owner is not None:
                self._client.set_owner(path, owner=owner)

    def delete(self, path: str, *, recursive: bool = False) -> bool:
        """Delete a file or directory; return whether it existed.

        Raises:
            HdfsRefusedError: A directory is not empty, or permission is denied.
            HdfsError: The NameNode refused or did not answer.
        """
        with self._named_errors("delete", path):
            return bool(self._client.delete(path, recursive=recursive))

    def rename(self, path: str, to: str, *, overwrite: bool = False) -> None:
        """Rename a file atomically.

        Args:
            path: The file.
            to: Its new path, in a folder that exists.
            overwrite: Whether to replace an existing file atomically.

        Raises:
            HdfsRefusedError: The file or folder is missing, the new name is taken, or
                permission is denied.
            HdfsError: The NameNode refused or did not answer.
        """
        try:
            with self._named_errors(f"rename to '{to}'", path):
                if overwrite:
                    # The library's public method has no options.
                    self._client._rename(  # noqa: SLF001
                        path, destination=to, renameoptions="OVERWRITE"
                    )
                else:
                    self._client.rename(path, to)
        except HdfsError as error:
            cause = error.__cause__
            # A rename that failed is answered without a reason.
            if isinstance(cause, hdfs.HdfsError) and not cause.exception:
                raise HdfsRefusedError(
                    f"{error} Check that the file and the folder exist, and that the "
                    "new name is free."
                ) from error
            raise

    @contextmanager
    def _named_errors(self, attempted: str, path: str) -> Iterator[None]:
        what = f"Cannot {attempted} '{path}' on HDFS as '{self._user}'"
        try:
            yield
        except hdfs.HdfsError as error:
            raise _named_error(what, error) from error
        except requests.RequestException as error:
            raise HdfsUnavailableError(
                f"{what}: no answer from WebHDFS at {self._url} "
                f"({type(error).__name__}). Is the NameNode up?"
            ) from error


def _named_error(what: str, error: hdfs.HdfsError) -> HdfsError:
    message = str(error.message).splitlines()[0] if error.message else "no reason given"
    exception = error.exception or ""
    if exception in _UNAVAILABLE or "startup mode" in message:
        return HdfsUnavailableError(f"{what}: {message} Try again when it is ready.")
    if exception == "FileNotFoundException":
        return HdfsNotFoundError(f"{what}: {message}")
    if exception in _REFUSED:
        return HdfsRefusedError(f"{what}: {message}")
    return HdfsError(f"{what}: {message}")


def _file_status(path: str, raw: dict[str, Any]) -> FileStatus:
    return FileStatus(
        path=path,
        is_directory=raw["type"] == "DIRECTORY",
        size=raw["length"],
        modified_at=datetime.fromtimestamp(raw["modificationTime"] / 1000, tz=UTC),
        owner=raw["owner"],
        group=raw["group"],
        mode=raw["permission"],
    )
