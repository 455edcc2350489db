"""The process managers, against the real supervisor and Docker engine."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from dagster_project.resources.process_managers import (
    ProcessManager,
    SupervisorProcesses,
    describe_failure,
)
from goodsflow.clients.docker import Container
from goodsflow.deploy.native import supervisor
from goodsflow.deploy.native.home import Home
from goodsflow.deploy.native.supervisor import SupervisorClient
from goodsflow.deploy.native.supervisor_config import Program, render_config
from tests.unit.dagster_project.services_contract import (
    PARTS,
    WRITTEN,
    ServicesContract,
)


class TestSupervisorProcesses(ServicesContract):
    """The contract, by a supervisor of its own."""

    @pytest.fixture
    def home(self) -> Iterator[Home]:
        """A folder with a path short enough for sockets, and programs that run."""
        home = Home(Path(tempfile.mkdtemp(prefix="gf", dir="/tmp")).resolve())
        home.make()
        script = home.root / "part.sh"
        script.write_text(f"#!/bin/sh\necho '{WRITTEN}' >&2\nexec sleep 300\n")
        script.chmod(0o700)
        programs = [
            Program(
                name,
                script,
                {
                    "GOODSFLOW_STARTS_FILE": str(home.starts(name)),
                    "GOODSFLOW_TEMP_DIR": str(home.temporary_of(name)),
                },
            )
            for name in PARTS
        ]
        (home.run / "supervisord.conf").write_text(render_config(home, programs))
        supervisor.start(home)
        for name in PARTS:
            SupervisorClient(home.socket).start(name)
        yield home
        supervisor.stop(home)
        shutil.rmtree(home.root)

    @pytest.fixture
    def manager(self, home: Home) -> ProcessManager:
        """Return what asks it."""
        return SupervisorProcesses(home)

    @pytest.fixture
    def silent_manager(self, tmp_path: Path) -> ProcessManager:
        """Return what asks where none is."""
        return SupervisorProcesses(Home(tmp_path))

    @pytest.fixture
    def kill(self, home: Home) -> Callable[[str], None]:
        """Kill its process."""
        manager = SupervisorProcesses(home)

        def kill(name: str) -> None:
            psutil.Process(manager.states()[name].pid).kill()

        return kill

    @pytest.fixture
    def stop(self, home: Home) -> Callable[[str], None]:
        """Have the supervisor stop it."""
        return SupervisorClient(home.socket).stop


def container(**different: object) -> Container:
    """Return a healthy container, except for what is given."""
    usual: dict[str, object] = {
        "service": "a",
        "status": "running",
        "health": "healthy",
        "health_output": "",
        "pid": 7,
        "started_at": 0.0,
        "restarts": 0,
        "exit_code": 0,
        "out_of_memory": False,
        "error": "",
        "is_one_shot": False,
    }
    return Container(**{**usual, **different})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("different", "reason"),
    [
        ({}, ""),
        ({"health": ""}, ""),
        ({"health": "starting"}, "starting: its health check has not passed yet"),
        ({"status": "paused"}, "is paused"),
        (
            {"status": "exited", "exit_code": 137, "out_of_memory": True},
            "ended with exit status 137 (out of memory)",
        ),
    ],
)
def test_the_reason_is_the_first_that_holds(
    different: dict[str, object], reason: str
) -> None:
    """A container killed for its memory looks like one that somebody killed."""
    assert describe_failure(container(**different)) == reason
