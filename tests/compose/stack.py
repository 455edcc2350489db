"""The stack under test: what the tests ask Docker Compose for."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

from goodsflow.model.endpoints import PROJECT_ROOT

_PULL_SECONDS = 600
_REGISTRY_SECONDS = 30
_SAID_CHARACTERS = 8000
"""Of what a failed program printed, as much is shown."""


def run(
    *command: str,
    timeout_seconds: float = 120,
    check: bool = True,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a program in the project's folder; its output is kept.

    Raises:
        AssertionError: It failed, and that was to be checked.
    """
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        input=stdin or "",
        timeout=timeout_seconds,
        cwd=PROJECT_ROOT,
    )
    if check:
        said = (done.stdout + done.stderr)[-_SAID_CHARACTERS:]
        assert done.returncode == 0, f"{' '.join(command)}\n{said}"
    return done


def compose(
    *arguments: str, timeout_seconds: float = 120, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run Docker Compose."""
    return run(
        "docker",
        "compose",
        *arguments,
        timeout_seconds=timeout_seconds,
        check=check,
    )


def say(message: str) -> None:
    """Tell whoever watches."""
    print(f"\n{message}", file=sys.stderr, flush=True)


def upstream_images_are_there() -> bool:
    """Whether every image that is not built here is there, or can be pulled now."""
    images = compose("config", "--images").stdout.split()
    for image in sorted({i for i in images if not i.startswith("goodsflow/")}):
        if run("docker", "image", "inspect", image, check=False).returncode == 0:
            continue
        try:
            run(
                *("docker", "manifest", "inspect", image),
                timeout_seconds=_REGISTRY_SECONDS,
            )
            run("docker", "pull", "--quiet", image, timeout_seconds=_PULL_SECONDS)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            reason = str(error).strip().splitlines()[-1]
            say(f"cannot pull {image}: {reason}")
            return False
    return True


@dataclass
class Stack:
    """The platform in containers, up."""

    up_seconds: float = field(default=0.0)

    def containers(self, *, also_ended: bool = False) -> list[dict[str, Any]]:
        """Return what `docker inspect` says of each container of the file's services.

        Dagster's runs, which come and go, are not among them.
        """
        ended = ["--all"] if also_ended else []
        found = compose("ps", "--quiet", *ended).stdout.split()
        inspected: list[dict[str, Any]] = json.loads(
            run("docker", "inspect", *found).stdout
        )
        return inspected

    def container(self, service: str) -> dict[str, Any]:
        """Return what `docker inspect` says of a service's container."""
        found = compose("ps", "--all", "--quiet", service).stdout.split()
        inspected: dict[str, Any] = json.loads(run("docker", "inspect", *found).stdout)[
            0
        ]
        return inspected

    def inside(
        self, *command: str, timeout_seconds: float = 600, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a new container within the platform's networks."""
        return compose(
            *("run", "--rm", "--no-deps", "--no-TTY", "tests", *command),
            timeout_seconds=timeout_seconds,
            check=check,
        )

    def end_to_end(self, *options: str) -> None:
        """Run the tests of tests/e2e/test_flow.py within the networks."""
        done = self.inside(
            *("/opt/venv/bin/python", "-m", "pytest", "-p", "no:cacheprovider"),
            *("--platform", "/goodsflow", "tests/e2e/test_flow.py", *options),
            # More than the limits of its tests.
            timeout_seconds=1600,
        )
        print(done.stdout)
        # Nothing selected, or all skipped, would be no proof.
        assert " passed" in done.stdout
        assert " skipped" not in done.stdout

    def observe(self) -> dict[str, Any]:
        """Return what topics, groups and files hold; see ``observe.py``."""
        printed = self.inside(
            "/opt/venv/bin/python", "-m", "tests.compose.observe", timeout_seconds=180
        )
        state: dict[str, Any] = json.loads(printed.stdout)
        return state

    def up(self, *options: str) -> None:
        """Bring it up and wait until all is ready."""
        compose(
            *("up", "--detach", "--wait", "--wait-timeout", "600", *options),
            timeout_seconds=660,
        )


def show_what_is_wrong() -> None:
    """Print the containers, and the last log lines of the unhealthy ones."""
    listed = compose("ps", "--all", "--format", "json", check=False).stdout
    say(compose("ps", "--all", check=False).stdout)
    for line in listed.splitlines():
        container = json.loads(line)
        if container["State"] == "running" and container["Health"] != "unhealthy":
            continue
        if container["State"] == "exited" and container["ExitCode"] == 0:
            continue
        say(f"---- {container['Service']}: {container['Status']}")
        say(run("docker", "logs", "--tail", "25", container["ID"], check=False).stdout)
