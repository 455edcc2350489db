"""The supervisor: its process, and a client over its socket."""

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
"""What it is called among the parts, which it is none of."""

_SHUTDOWN_STATE = 6
"""The code of supervisor's fault for a command that comes after `shutdown`."""
_NO_ANSWER = (
    OSError,
    http.client.HTTPException,
    xmlrpc.client.Error,
    # One that was cut off.
    xml.parsers.expat.ExpatError,
)
_AT_REST = frozenset({"STOPPED", "FATAL", "UNKNOWN"})
"""What the supervisor leaves alone; a program that EXITED it starts again."""


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor says about a program.

    Attributes:
        state: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL or UNKNOWN
            (http://supervisord.org/subprocess.html#process-states).
        started_at: Seconds since the epoch, of a program that runs.
    """

    name: str
    state: str
    pid: int | None
    started_at: float | None
    description: str


def is_running(home: Home) -> bool:
    """Tell whether the supervisor of this home answers."""
    try:
        SupervisorClient(home.socket).processes()
    except SupervisorError:
        return False
    return True


def start(home: Home, timeout_seconds: float = 20) -> None:
    """Start the supervisor; no program starts by that.

    Raises:
        SupervisorError: It did not answer in time, or another still runs here.
    """
    # One that ends would take its successor's socket with it.
    _await_end(_process(home), timeout_seconds)
    # A socket left by a supervisor that was killed would only mislead.
    home.socket.unlink(missing_ok=True)
    command = [sys.executable, "-m", "supervisor.supervisord"]
    done = subprocess.run(
        [*command, "-c", str(home.run / "supervisord.conf")],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=timeout_seconds,
        # By its home and its name it is found where its folder was removed under it;
        # each program has its own.
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
            f"The supervisor did not answer within {seconds:.0f} s; its log is "
            f"{home.log('supervisord')}."
        ),
        timeout_seconds=timeout_seconds,
        interval_seconds=0.1,
        unmet=lambda runs: None if runs else "it does not answer",
    )


def stop(
    home: Home, last: Sequence[Collection[str]] = (), timeout_seconds: float = 90
) -> None:
    """Stop every program and the supervisor itself, and wait until it is gone.

    Args:
        home: The platform's folder.
        last: Programs that stop after all others, one group after the other.
        timeout_seconds: How long the supervisor may take to end.

    Raises:
        SupervisorError: It does not run, or still runs at the end.
    """
    process = _process(home)
    if process is None:
        raise SupervisorError("The supervisor does not run.")
    client = SupervisorClient(home.socket)
    # An earlier stop may have been interrupted: then there is only the end to await.
    with contextlib.suppress(SupervisorEndsError):
        names = {p.name for p in client.processes()}
        for group in (names.difference(*last), *last):
            client.stop_all(group)
        client.shutdown()
    _await_end(process, timeout_seconds)


def _process(home: Home) -> psutil.Process | None:
    """Return the supervisor's process; None where its pid file is left or missing."""
    try:
        process = psutil.Process(int(home.supervisor_pid_file.read_text()))
        ours = str(home.run / "supervisord.conf") in process.cmdline()
    except (OSError, ValueError, psutil.Error):
        return None
    return process if ours else None


def _await_end(process: psutil.Process | None, timeout_seconds: float) -> None:
    if process is not None and await_ends([process], timeout_seconds):
        raise SupervisorError(
            f"The supervisor (pid {process.pid}) still runs after "
            f"{timeout_seconds:.0f} s."
        )


class SupervisorClient:
    """Speaks XML-RPC over the supervisor's Unix socket.

    Constructing one connects nowhere.
    """

    def __init__(self, socket: Path) -> None:
        """Remember where the socket is."""
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
        """Ask for a program's start and return at once; one that runs is left alone.

        Raises:
            SupervisorError: It refused.
        """
        self._tolerating("ALREADY_STARTED", "startProcess", name, False)

    def stop(self, name: str) -> None:
        """Stop a program and wait for its end; one that is stopped is left alone.

        Raises:
            SupervisorError: It does not answer.
        """
        self.stop_all([name])

    def stop_all(self, names: Collection[str]) -> None:
        """Stop programs side by side and wait until all have ended.

        Raises:
            SupervisorError: It does not answer.
        """
        # The supervisor kills what does not end in time, so that this ends.
        while moving := [
            process
            for process in self.processes()
            if process.name in names and process.state not in _AT_REST
        ]:
            for process in moving:
                if process.state != "STOPPING":
                    self._tolerating("NOT_RUNNING", "stopProcess", process.name, False)
            time.sleep(0.2)

    def update(self) -> list[str]:
        """Take up a changed configuration; return the programs that it stopped.

        Raises:
            SupervisorError: The supervisor does not answer, or refuses the file.
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
        """Ask the supervisor to stop everything and end.

        Raises:
            SupervisorError: It does not answer.
        """
        with self._proxy() as proxy:
            proxy.supervisor.shutdown()

    def _tolerating(self, fault_name: str, method: str, *arguments: Any) -> None:
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
            # The address is not used: the transport goes to the socket.
            yield xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        except xmlrpc.client.Fault as fault:
            kind = SupervisorError
            if fault.faultCode == _SHUTDOWN_STATE:
                kind = SupervisorEndsError
            raise kind(f"The supervisor refused: {fault.faultString}") from fault
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
