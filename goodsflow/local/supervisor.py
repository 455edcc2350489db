"""The supervisor: its configuration, its process, and a client over its socket."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from goodsflow.local.errors import SupervisorError
from goodsflow.local.home import Home

_SPAWN = Path(__file__).with_name("spawn.sh")
_RPC_INTERFACE = "supervisor.rpcinterface:make_main_rpcinterface"
_STOP_SECONDS = 30


@dataclass(frozen=True)
class Program:
    """One program as the supervisor starts it."""

    name: str
    script: Path
    environment: Mapping[str, str]


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


def render_config(home: Home, programs: Iterable[Program]) -> str:
    """Return supervisord's configuration. It holds no secret."""
    lines = [
        "[unix_http_server]",
        f"file={_escaped(home.socket)}",
        "chmod=0700",
        "[supervisord]",
        f"logfile={_escaped(home.log('supervisord'))}",
        "logfile_maxbytes=5MB",
        "logfile_backups=1",
        f"pidfile={_escaped(home.supervisor_pid_file)}",
        f"childlogdir={_escaped(home.run)}",
        "umask=077",
        "nodaemon=false",
        "[rpcinterface:supervisor]",
        f"supervisor.rpcinterface_factory={_RPC_INTERFACE}",
        "[supervisorctl]",
        f"serverurl=unix://{_escaped(home.socket)}",
    ]
    for program in programs:
        lines += _program_section(home, program)
    return "\n".join(lines) + "\n"


def _program_section(home: Home, program: Program) -> list[str]:
    environment = ",".join(
        f'{name}="{_escaped(value)}"'
        for name, value in sorted(program.environment.items())
    )
    return [
        "",
        f"[program:{program.name}]",
        f'command=/bin/sh "{_escaped(_SPAWN)}" "{_escaped(program.script)}"',
        f"environment={environment}",
        "autostart=false",
        "autorestart=true",
        "startsecs=3",
        # A broker killed with -9 cannot register before its old session has ended.
        "startretries=30",
        f"stdout_logfile={_escaped(home.log(program.name))}",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=2",
        "redirect_stderr=true",
        "stopasgroup=true",
        "killasgroup=true",
        f"stopwaitsecs={_STOP_SECONDS}",
    ]


def _escaped(value: object) -> str:
    """Escape what supervisor's configuration would expand or end."""
    text = str(value)
    if '"' in text or "\n" in text:
        raise SupervisorError(
            f"A path or setting holds a quote or a line end: {text!r}"
        )
    return text.replace("%", "%%")


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
        SupervisorError: It did not answer in time.
    """
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
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    if done.returncode != 0:
        raise SupervisorError(f"The supervisor did not start: {done.stderr.strip()}")
    deadline = time.monotonic() + timeout_seconds
    while not is_running(home):
        if time.monotonic() > deadline:
            raise SupervisorError(
                f"The supervisor did not answer within {timeout_seconds:.0f} s; its "
                f"log is {home.log('supervisord')}."
            )
        time.sleep(0.1)


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
    try:
        pid = int(home.supervisor_pid_file.read_text())
        process = psutil.Process(pid)
    except (OSError, ValueError, psutil.NoSuchProcess) as error:
        raise SupervisorError("The supervisor does not run.") from error
    client = SupervisorClient(home.socket)
    names = {p.name for p in client.processes()}
    for group in (names.difference(*last), *last):
        client.stop_all(group)
    client.shutdown()
    try:
        process.wait(timeout_seconds)
    except psutil.TimeoutExpired as error:
        raise SupervisorError(
            f"The supervisor (pid {pid}) still runs after {timeout_seconds:.0f} s."
        ) from error


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
            SupervisorError: It refused.
        """
        self._tolerating("NOT_RUNNING", "stopProcess", name, True)

    def stop_all(self, names: Collection[str]) -> None:
        """Stop programs side by side and wait until all have ended.

        Raises:
            SupervisorError: It does not answer.
        """
        for process in self.processes():
            if process.name in names:
                self._tolerating("NOT_RUNNING", "stopProcess", process.name, False)
        # The supervisor kills what does not end in time, so that this ends.
        while any(p.pid is not None for p in self.processes() if p.name in names):
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
            raise SupervisorError(
                f"The supervisor refused: {fault.faultString}"
            ) from fault
        except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
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
