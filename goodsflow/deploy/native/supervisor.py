"""The supervisor: its process, and a client for its socket."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
import xml.parsers.expat
import xmlrpc.client
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from goodsflow.common.waiting import wait_for
from goodsflow.deploy.native.errors import SupervisorEndsError, SupervisorError
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.processes import await_ends

PROGRAM = "supervisord"
"""The supervisor's name in lists of parts, although it is not one."""

_SHUTDOWN_STATE = 6
"""The supervisor's fault code for a command that comes after `shutdown`."""
_NO_ANSWER = (
    OSError,
    http.client.HTTPException,
    xmlrpc.client.Error,
    # The answer was cut off.
    xml.parsers.expat.ExpatError,
)
_AT_REST = frozenset({"STOPPED", "FATAL", "UNKNOWN"})
"""States that last. A program in the state EXITED, by contrast, is restarted."""


@dataclass(frozen=True)
class ProcessState:
    """The state of a program, as the supervisor reports it.

    Attributes:
        state: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN
            (http://supervisord.org/subprocess.html#process-states).
        started_at: Seconds since the epoch; only for a running program.
    """

    name: str
    state: str
    pid: int | None
    started_at: float | None
    description: str


def is_running(home: Home) -> bool:
    """Return whether the supervisor of this home answers."""
    try:
        SupervisorClient(home.socket).processes()
    except SupervisorError:
        return False
    return True


def start(home: Home, timeout_seconds: float = 20) -> None:
    """Start the supervisor, without starting any program.

    Raises:
        SupervisorError: It did not answer in time, or another is still running here.
    """
    # A supervisor that is ending would delete its successor's socket.
    _await_end(_process(home), timeout_seconds)
    # A killed supervisor leaves its socket.
    home.socket.unlink(missing_ok=True)
    command = [sys.executable, "-m", "supervisor.supervisord"]
    done = subprocess.run(
        [*command, "-c", str(home.run / "supervisord.conf")],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=timeout_seconds,
        # These identify it if its folder is deleted; each program has its own.
        env=os.environ
        | {
            "PYTHONWARNINGS": "ignore",
            "GOODSFLOW_HOME": str(home.root),
            "PART_NAME": PROGRAM,
        },
    )
    if done.returncode != 0:
        raise SupervisorError(f"The supervisor did not start: {done.stderr.strip()}")
    wait_for(
        lambda: is_running(home),
        lambda seconds, _: SupervisorError(
            f"The supervisor did not answer within {seconds:.0f} s. Its log is "
            f"{home.log('supervisord')}."
        ),
        timeout_seconds=timeout_seconds,
        interval_seconds=0.1,
        unmet=lambda runs: None if runs else "it does not answer",
    )


def stop(
    home: Home, last: Sequence[Collection[str]] = (), timeout_seconds: float = 90
) -> None:
    """Stop every program and the supervisor itself, and wait until it has ended.

    Args:
        home: The platform's folder.
        last: Groups of programs that stop after all others, one group at a time.
        timeout_seconds: How long the supervisor may take to end.

    Raises:
        SupervisorError: It is not running, or is still running at the end.
    """
    process = _process(home)
    if process is None:
        raise SupervisorError("The supervisor is not running.")
    client = SupervisorClient(home.socket)
    # If an earlier stop was interrupted, the supervisor is ending already.
    with contextlib.suppress(SupervisorEndsError):
        names = {p.name for p in client.processes()}
        for group in (names.difference(*last), *last):
            client.stop_all(group)
        client.shutdown()
    _await_end(process, timeout_seconds)


def _process(home: Home) -> psutil.Process | None:
    """Return the supervisor's process; None if its pid file is stale or missing."""
    try:
        process = psutil.Process(int(home.supervisor_pid_file.read_text()))
        ours = str(home.run / "supervisord.conf") in process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return process if ours else None


def _await_end(process: psutil.Process | None, timeout_seconds: float) -> None:
    if process is not None and await_ends([process], timeout_seconds):
        raise SupervisorError(
            f"The supervisor (pid {process.pid}) is still running after "
            f"{timeout_seconds:.0f} s."
        )


class SupervisorClient:
    """A client that speaks XML-RPC over the supervisor's Unix socket.

    The constructor does not connect.
    """

    def __init__(self, socket: Path) -> None:
        """Remember the path of the socket."""
        self._socket = socket

    def processes(self) -> list[ProcessState]:
        """Return the state of every program.

        Raises:
            SupervisorError: The supervisor does not answer.
        """
        with self._proxy() as proxy:
            return [
                _process_state(info) for info in proxy.supervisor.getAllProcessInfo()
            ]

    def start(self, name: str) -> None:
        """Request the start of a program, without waiting; a running one is left alone.

        Raises:
            SupervisorError: It refused.
        """
        self._call_tolerating("ALREADY_STARTED", "startProcess", name, False)

    def stop(self, name: str) -> None:
        """Stop a program and wait until it has ended; a stopped one is left alone.

        Raises:
            SupervisorError: It does not answer.
        """
        self.stop_all([name])

    def stop_all(self, names: Collection[str]) -> None:
        """Stop programs in parallel and wait until all have ended.

        Raises:
            SupervisorError: It does not answer.
        """
        # This ends, because the supervisor kills programs that do not end in time.
        while moving := [
            process
            for process in self.processes()
            if process.name in names and process.state not in _AT_REST
        ]:
            for process in moving:
                if process.state != "STOPPING":
                    self._call_tolerating(
                        "NOT_RUNNING", "stopProcess", process.name, False
                    )
            time.sleep(0.2)

    def update(self) -> list[str]:
        """Load a changed configuration; return the programs that this stopped.

        Raises:
            SupervisorError: The supervisor does not answer, or rejects the file.
        """
        with self._proxy() as proxy:
            ((added, changed, removed),) = proxy.supervisor.reloadConfig()
            for name in [*changed, *removed]:
                proxy.supervisor.stopProcessGroup(name, True)
                proxy.supervisor.removeProcessGroup(name)
            for name in [*added, *changed]:
                proxy.supervisor.addProcessGroup(name)
            return [*changed, *removed]

    def shutdown(self) -> None:
        """Tell the supervisor to stop everything and end.

        Raises:
            SupervisorError: It does not answer.
        """
        with self._proxy() as proxy:
            proxy.supervisor.shutdown()

    def _call_tolerating(self, fault_name: str, method: str, *arguments: Any) -> None:
        with self._proxy() as proxy:
            try:
                getattr(proxy.supervisor, method)(*arguments)
            except xmlrpc.client.Fault as fault:
                if not fault.faultString.startswith(fault_name):
                    raise

    @contextlib.contextmanager
    def _proxy(self) -> Iterator[Any]:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(serverurl=f"unix://{self._socket}")
        try:
            # The address is not used: the transport connects to the socket.
            yield xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        except xmlrpc.client.Fault as fault:
            kind = SupervisorError
            if fault.faultCode == _SHUTDOWN_STATE:
                kind = SupervisorEndsError
            raise kind(
                f"The supervisor refused the command: {fault.faultString}"
            ) from fault
        except _NO_ANSWER as error:
            raise SupervisorError(
                f"The supervisor does not answer on {self._socket}: {error}. "
                "`goodsflow up` starts it."
            ) from error
        finally:
            transport.close()


def _process_state(info: Mapping[str, Any]) -> ProcessState:
    runs = info["statename"] in {"RUNNING", "STARTING", "STOPPING"} and info["pid"]
    return ProcessState(
        name=info["name"],
        state=info["statename"],
        pid=info["pid"] if runs else None,
        started_at=float(info["start"]) if runs else None,
        description=info["description"] or info["spawnerr"],
    )
