"""The folder of a native platform, with its data, logs, secrets and addresses."""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from goodsflow.common.file_lock import held
from goodsflow.deploy.native.errors import AlreadyRunningError, PreflightError

_MAX_SOCKET_PATH = 95
"""The maximum length of the socket's path in bytes. macOS allows 103 and Linux 107, and
the supervisor first creates the socket with its process ID appended."""
_UNSUPPORTED = re.compile(r"""[\s"'`\\$%&<>|*?,;:#]""")
"""Characters that the configuration, class path, JVM flags or URLs of some part would
misinterpret. Letters of any script are fine."""


class HomeSettings(BaseModel):
    """The settings that were chosen when the platform was first started here.

    Attributes:
        port_offset: Added to every port since the first start.
        monitored: Whether Prometheus was installed at the last start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    port_offset: int = 0
    monitored: bool = False


@dataclass(frozen=True)
class Home:
    """Paths below the platform's folder. The constructor creates nothing."""

    root: Path

    @property
    def endpoints_file(self) -> Path:
        """The addresses, which clients read."""
        return self.root / "endpoints.json"

    @property
    def settings_file(self) -> Path:
        """The settings of earlier starts."""
        return self.root / "home.json"

    @property
    def certs(self) -> Path:
        """The certificates of the CA and the brokers."""
        return self.root / "certs"

    @property
    def secrets(self) -> Path:
        """Passwords, one file each."""
        return self.root / "secrets"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME."""
        return self.root / "dagster"

    @property
    def state(self) -> Path:
        """The folder of clients' files, such as the search index."""
        return self.root / "state"

    @property
    def run(self) -> Path:
        """Sockets, pid files, the supervisor's configuration."""
        return self.root / "run"

    @property
    def socket(self) -> Path:
        """The supervisor's Unix socket."""
        return self.run / "supervisor.sock"

    @property
    def supervisor_pid_file(self) -> Path:
        """The supervisor's process ID."""
        return self.run / "supervisord.pid"

    @property
    def bootstrap_stamp(self) -> Path:
        """The digest of the declaration that was last bootstrapped."""
        return self.run / "bootstrapped"

    @property
    def lock_file(self) -> Path:
        """The lock file of a running launcher; it exists since the first start."""
        return self.run / "launcher.lock"

    def log(self, part: str) -> Path:
        """Return the log file of a part."""
        return self.root / "log" / f"{part}.log"

    def config(self, part: str) -> Path:
        """Return the folder of a part's rendered configuration."""
        return self.root / "config" / part

    def data(self, part: str) -> Path:
        """Return the folder of a part's data."""
        return self.root / "data" / part

    @property
    def temporary(self) -> Path:
        """The parts' folders for temporary files."""
        return self.root / "tmp"

    def temporary_of(self, part: str) -> Path:
        """Return the folder of a part's temporary files; it is emptied at each start.

        Dagster opens Unix sockets in it, whose paths must not become too long.
        """
        return self.temporary / part.removeprefix("dagster-")

    def starts(self, part: str) -> Path:
        """Return the file to which each start of a part adds a line."""
        return self.run / f"{part}.starts"

    def make(self) -> None:
        """Create the folders, accessible only to their owner.

        Raises:
            PreflightError: A folder cannot be created or written, or has an unsupported
                path.
        """
        unsupported = _UNSUPPORTED.search(str(self.root))
        if unsupported:
            raise PreflightError(
                f"The path {self.root} contains {unsupported[0]!r}, which not every "
                "part supports in a path. Choose another folder with --home."
            )
        if len(os.fsencode(self.socket)) > _MAX_SOCKET_PATH:
            raise PreflightError(
                f"The path {self.root} is too long: the path of the supervisor's "
                f"socket in it would exceed {_MAX_SOCKET_PATH} bytes. Choose a folder "
                "with a shorter path with --home."
            )
        try:
            for folder in (
                self.root,
                self.certs,
                self.secrets,
                self.dagster,
                self.state,
                self.run,
                self.root / "log",
                self.root / "config",
                self.root / "data",
                self.temporary,
            ):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                probe = folder / ".writable"
                probe.write_bytes(b"")
                probe.unlink()
        except OSError as error:
            raise PreflightError(
                f"Cannot write to {error.filename or self.root}: {error.strerror}. "
                "Change its permissions, or choose another folder with --home."
            ) from error

    def settings(self) -> HomeSettings:
        """Read the settings; the defaults if no platform was started here.

        Raises:
            PreflightError: The file is invalid.
        """
        try:
            return HomeSettings.model_validate_json(self.settings_file.read_bytes())
        except FileNotFoundError:
            return HomeSettings()
        except (OSError, ValidationError) as error:
            raise PreflightError(
                f"Cannot read {self.settings_file}: {error}. `goodsflow up "
                "--port-offset N` writes the file again and keeps the data; N is the "
                "earlier offset, or 0 if you gave none."
            ) from error

    def locked(self) -> AbstractContextManager[None]:
        """Lock the folder against a second launcher, until this process ends.

        Raises:
            AlreadyRunningError: Another process has locked it.
            PreflightError: The folder cannot be written.
        """
        return held(
            self.lock_file,
            str(os.getpid()),
            busy=lambda holder: AlreadyRunningError(
                f"Another launcher (pid {holder}) is running in {self.root}. Wait "
                "until it has finished, or stop it."
            ),
            unusable=lambda reason: PreflightError(
                f"Cannot lock {self.root} against a second launcher: "
                f"{self.lock_file}: {reason}."
            ),
            make_folder=True,
        )
