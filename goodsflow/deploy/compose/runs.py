"""Dagster's runs as containers of their own: what each is given, and no more.

What stands here becomes the configuration of dagster-docker's launcher. The proxy
before the engine lets exactly this through, and nothing else that could be created:
``containers/docker-proxy/run-container.regex`` says the same once more.
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
"""Those of the code server: PostgreSQL, and whatever assets and checks ask."""


def run_launcher(project: str) -> dict[str, Any]:
    """Return the configuration of the launcher for a Compose project.

    Args:
        project: Its name; networks and volumes start with it.
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
    """Make it look to Compose as `docker compose run dagster-code` would."""
    return {
        "com.docker.compose.project": project,
        "com.docker.compose.service": "dagster-code",
        "com.docker.compose.oneoff": "True",
        # Compose takes no container for its own that has none.
        "com.docker.compose.config-hash": "dagster-run",
    }
