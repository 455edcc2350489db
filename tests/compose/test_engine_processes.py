"""Which parts are up, by the engine: the contract of every process manager."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

from dagster_project.resources.process_managers import (
    EngineProcesses,
    ProcessManager,
)
from goodsflow.model.endpoints import ContainerEngine
from tests.unit.dagster_project.services_contract import (
    PARTS,
    WRITTEN,
    ServicesContract,
    await_that,
)

IMAGE = "debian:bookworm-slim"
"""Anything with a shell; what the platform's images are built from."""


def docker(*arguments: str) -> str:
    """Run a command of the engine's and return what it prints."""
    done = subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode != 0:
        raise OSError(done.stderr.strip())
    return done.stdout.strip()


@pytest.fixture(scope="session")
def socket() -> str:
    """The engine's socket."""
    url = docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
    return os.environ.get("DOCKER_HOST", url).replace("tcp://", "http://")


class TestEngineProcesses(ServicesContract):
    """The contract, by containers of a Compose project of its own."""

    @pytest.fixture
    def engine(self, socket: str) -> Iterator[ContainerEngine]:
        """Return a project whose services run, beside what is to be left out."""
        project = f"goodsflow-states-{os.getpid()}"
        try:
            for name in PARTS:
                start(project, name, f"echo '{WRITTEN}' >&2; exec sleep 300")
            start(project, "steady", "exec sleep 300", number=2, one_off=True)
            start(project, "passing", "true", restart="no")
            start(f"{project}-other", "other", "exec sleep 300")
            yield ContainerEngine(url=socket, project=project)
        finally:
            for name in (project, f"{project}-other"):
                label = f"label=com.docker.compose.project={name}"
                left = docker("ps", "--all", "--quiet", "--filter", label).split()
                docker("rm", "--force", *left)

    @pytest.fixture
    def manager(self, engine: ContainerEngine) -> ProcessManager:
        """Return what asks it."""
        return EngineProcesses(engine)

    @pytest.fixture
    def silent_manager(self) -> ProcessManager:
        """Return what asks where none is."""
        url = "http://127.0.0.1:1"
        return EngineProcesses(ContainerEngine(url=url, project="none"))

    @pytest.fixture
    def kill(self, engine: ContainerEngine) -> Callable[[str], None]:
        """Kill what is in it: `docker kill` would count as a stop by hand."""

        def kill(name: str) -> None:
            inside = ["sh", "-c", "kill -9 -1"]
            subprocess.run(
                ["docker", "exec", f"{engine.project}-{name}-1", *inside],
                capture_output=True,
                check=False,
                timeout=60,
            )

        return kill

    @pytest.fixture
    def stop(self, engine: ContainerEngine) -> Callable[[str], None]:
        """Have the engine stop it."""
        return lambda name: (
            docker("stop", "--time", "0", f"{engine.project}-{name}-1") and None
        )

    def test_a_failed_health_check_is_the_reason(self, engine: ContainerEngine) -> None:
        """Unhealthy alone does not say what is wrong."""
        start(engine.project, "ill", "exec sleep 300", health="echo no leader; exit 1")
        manager = EngineProcesses(engine)
        await_that(lambda: "no leader" in manager.states()["ill"].reason)
        assert manager.states()["ill"].reason == "unhealthy: no leader"

    def test_what_keeps_ending_says_with_which_status(
        self, engine: ContainerEngine
    ) -> None:
        """Between two starts it would pass for starting."""
        start(engine.project, "ends", "exit 7")
        manager = EngineProcesses(engine)
        seen: list[str] = []

        def is_between_two_starts() -> bool:
            state = manager.states()["ends"]
            seen.append(state.reason)
            return state.restarts > 2 and not state.is_up

        await_that(is_between_two_starts)
        assert seen[-1] == "ended with exit status 7"


def start(
    project: str,
    service: str,
    script: str,
    *,
    number: int = 1,
    one_off: bool = False,
    restart: str = "unless-stopped",
    health: str = "",
) -> None:
    """Start a container as Compose would."""
    labels = {
        "project": project,
        "service": service,
        "container-number": str(number),
        "oneoff": str(one_off),
    }
    checks = ["--health-cmd", health, "--health-interval", "1s", "--health-retries=1"]
    docker(
        *("run", "--detach", "--init", "--restart", restart, "--network", "none"),
        *("--name", f"{project}-{service}-{number}"),
        *itertools.chain.from_iterable(
            ("--label", f"com.docker.compose.{key}={value}")
            for key, value in labels.items()
        ),
        *(checks if health else []),
        *(IMAGE, "sh", "-c", script),
    )
