"""Dagster's runs in containers of their own, with restricted rights.

This is the configuration of dagster-docker's run launcher. The proxy of the Docker
engine permits exactly these containers and no others, so
``containers/docker-proxy/run-container.regex`` must match what is configured here.
"""

from __future__ import annotations

from typing import Any

MEMORY_LIMIT = "448m"
MAX_CONCURRENT_RUNS = 2

NETWORKS = (
    "dagster",
    "inbound",
    "analytics",
    "registry",
    "connect",
    "lake",
    "search",
    "docker-read",
)
"""The code server's networks: PostgreSQL, and all that assets and checks access."""


def run_launcher(project: str) -> dict[str, Any]:
    """Return the run launcher's configuration for a Compose project.

    Args:
        project: Its name, with which the names of networks and volumes start.
    """
    return {
        "module": "dagster_docker",
        "class": "DockerRunLauncher",
        "config": {
            "networks": [f"{project}_{name}" for name in NETWORKS],
            "container_kwargs": {
                "auto_remove": True,
                "init": True,
                "read_only": True,
                "cap_drop": ["ALL"],
                "security_opt": ["no-new-privileges:true"],
                "mem_limit": MEMORY_LIMIT,
                "pids_limit": 512,
                "tmpfs": {
                    "/tmp": "mode=1777,exec",  # noqa: S108 - of the container
                    "/run/part": "uid=10001,gid=10001,mode=0700",
                },
                "volumes": [
                    f"{project}_share-dagster-code:/goodsflow:ro",
                    f"{project}_dagster:/data:rw",
                ],
                "labels": _labels(project),
            },
        },
    }


def _labels(project: str) -> dict[str, str]:
    """Return the labels that `docker compose run dagster-code` would set."""
    return {
        "com.docker.compose.project": project,
        "com.docker.compose.service": "dagster-code",
        "com.docker.compose.oneoff": "True",
        # Compose ignores containers without this label.
        "com.docker.compose.config-hash": "dagster-run",
    }
