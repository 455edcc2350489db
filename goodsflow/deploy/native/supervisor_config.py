"""The configuration of the supervisor, with a program for each part.

The format: http://supervisord.org/configuration.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from goodsflow.deploy.native.errors import SupervisorError
from goodsflow.deploy.native.home import Home

_SPAWN = Path(__file__).with_name("spawn.sh")
_RPC_INTERFACE = "supervisor.rpcinterface:make_main_rpcinterface"
_STOP_SECONDS = 30
_UNSUPPORTED = re.compile(r"""["\\\r\n]|\s[;#]""")
"""What would end a quoted value, or start a comment within one."""


@dataclass(frozen=True)
class Program:
    """A program that the supervisor runs."""

    name: str
    script: Path
    environment: Mapping[str, str]


def render_config(home: Home, programs: Iterable[Program]) -> str:
    """Return supervisord's configuration, which contains no secrets."""
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
        # A broker that was killed with -9 cannot register until its session expires.
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
    """Escape a value for supervisor's configuration."""
    text = str(value)
    if _UNSUPPORTED.search(text):
        raise SupervisorError(
            "Supervisor's configuration does not support quotes, backslashes, line "
            f"breaks and comment marks in a path or setting: {text!r}"
        )
    return text.replace("%", "%%")
