"""The folder that holds all of a native platform: data, logs, secrets, addresses."""

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
"""Bytes that the socket's path may have: macOS ends them at 103, Linux at 107, and the
supervisor first makes it under its name, a dot and its process ID."""
_UNFIT = re.compile(r"""[\s"'`\\$%&<>|*?,;:#]""")
"""What some part's configuration, class path, JVM flags or URLs would not take as it
is. Letters of any script are well."""


class HomeSettings(BaseModel):
    """What was decided when the platform was started here.

    Attributes:
        port_offset: Added to every port, from the first start on.
        monitored: Whether Prometheus was there at the last start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    port_offset: int = 0
    monitored: bool = False


@dataclass(frozen=True)
class Home:
    """Paths below the platform's folder. Constructing one makes nothing."""

    root: Path

    @property
    def endpoints_file(self) -> Path:
        """The addresses that clients read."""
        return self.root / "endpoints.json"

    @property
    def settings_file(self) -> Path:
        """What was decided at its starts."""
        return self.root / "home.json"

    @property
    def certs(self) -> Path:
        """The CA and the brokers' certificates."""
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
        """Where clients keep their files, such as the search index."""
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
        """Digest of the declaration that was last bootstrapped."""
        return self.run / "bootstrapped"

    @property
    def lock_file(self) -> Path:
        """Held by the launcher that is at work; there from the first start on."""
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

    def starts(self, part: str) -> Path:
        """Return the file to which each start of a part adds a line."""
        return self.run / f"{part}.starts"

    def make(self) -> None:
        """Make the folders, for their owner alone.

        Raises:
            PreflightError: A folder cannot be made or written, or its path does not do.
        """
        unfit = _UNFIT.search(str(self.root))
        if unfit:
            raise PreflightError(
                f"The path {self.root} holds {unfit[0]!r}, which not every part can "
                "take in a path. Use another with --home."
            )
        if len(os.fsencode(self.socket)) > _MAX_SOCKET_PATH:
            raise PreflightError(
                f"The path {self.root} is too long: the supervisor's socket in it "
                f"would pass the {_MAX_SOCKET_PATH} bytes that Unix allows. Use a "
                "shorter one with --home."
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
            ):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                probe = folder / ".writable"
                probe.write_bytes(b"")
                probe.unlink()
        except OSError as error:
            raise PreflightError(
                f"Cannot write to {error.filename or self.root}: {error.strerror}. "
                "Give yourself the right to, or choose another folder with --home."
            ) from error

    def settings(self) -> HomeSettings:
        """Read the settings; the defaults where the platform never started here.

        Raises:
            PreflightError: The file does not fit.
        """
        try:
            return HomeSettings.model_validate_json(self.settings_file.read_bytes())
        except FileNotFoundError:
            return HomeSettings()
        except (OSError, ValidationError) as error:
            raise PreflightError(
                f"Cannot read {self.settings_file}: {error}. `goodsflow up "
                "--port-offset N` writes it anew and keeps the data: N is what it has "
                "been, 0 where none was given."
            ) from error

    def locked(self) -> AbstractContextManager[None]:
        """Hold the folder against a second launcher; freed however this process ends.

        Raises:
            AlreadyRunningError: Another process holds it.
            PreflightError: The folder cannot be written.
        """
        return held(
            self.lock_file,
            str(os.getpid()),
            busy=lambda holder: AlreadyRunningError(
                f"Another launcher (pid {holder}) is at work in {self.root}. Wait "
                "until it is done, or stop it."
            ),
            unusable=lambda reason: PreflightError(
                f"Cannot hold {self.root} against a second launcher: "
                f"{self.lock_file}: {reason}."
            ),
            make_folder=True,
        )
