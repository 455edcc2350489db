"""The reference of settings: environment variables, and what Dagster can set."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from model_tables import field_table, markdown_table, model_schema
from pydantic import BaseModel
from pydantic_settings import BaseSettings

from goodsflow.deploy.exporter.settings import ExporterSettings
from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.archive.settings import ArchiveSettings
from goodsflow.pipeline.filter.settings import BlockingSettings
from goodsflow.pipeline.recommender.settings import RecommenderSettings, Scoring
from goodsflow.pipeline.shop_api.settings import ShopApiSettings

_SERVICES: tuple[tuple[str, type[BaseSettings]], ...] = (
    ("shop-api", ShopApiSettings),
    ("blocking", BlockingSettings),
    ("exporter", ExporterSettings),
)
_JOBS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Recommender", RecommenderSettings),
    ("Recommender: score", Scoring),
    ("Archive", ArchiveSettings),
)

_COMPOSE = {
    "GOODSFLOW_DAGSTER_PORT": "Port of Dagster's UI on the host's loopback.",
    "GOODSFLOW_UI_PORT": "Port of Kafka UI on the host's loopback.",
    "GOODSFLOW_PROMETHEUS_PORT": "Port of Prometheus on the host's loopback.",
    "GOODSFLOW_GRAFANA_PORT": "Port of Grafana on the host's loopback.",
    "GOODSFLOW_KAFKA_PORT_0": "Port of `kafka-0`'s external listener.",
    "GOODSFLOW_KAFKA_PORT_1": "Port of `kafka-1`'s external listener.",
    "GOODSFLOW_KAFKA_PORT_2": "Port of `kafka-mirror-0`'s external listener.",
    "GOODSFLOW_KAFKA_PORT_3": "Port of `kafka-mirror-1`'s external listener.",
    "GOODSFLOW_SHOP_API_INTERVAL": "Seconds between two cards of shop-api.",
    "GOODSFLOW_DOCKER_SOCKET": "The Docker engine's socket on the host.",
    "GOODSFLOW_BUILD_CA": (
        "A certificate authority to trust while images are built, for a proxy that "
        "has one of its own."
    ),
    "GOODSFLOW_BUILD_NETWORK": (
        "The network that images are built in; `host` for the host's."
    ),
}
"""What each variable of docker-compose.yml is for; a test compares the two."""

_VARIABLE = re.compile(r"\$\{(GOODSFLOW_\w+):-([^}]*)\}")


def render_services() -> str:
    """Return the variables of each service as Markdown."""
    return "\n".join(_service_parts())


def _service_parts() -> Iterator[str]:
    for name, settings in _SERVICES:
        prefix = settings.model_config.get("env_prefix", "")
        yield f"\n### {name}\n"
        yield field_table(
            model_schema(settings),
            header="Variable",
            name=partial(_variable, prefix),
        )


def _variable(prefix: str, field: str) -> str:
    return f"{prefix}{field}".upper()


def compose_variables() -> dict[str, str]:
    """Return the variables that docker-compose.yml reads, with their defaults."""
    text = (PROJECT_ROOT / "docker-compose.yml").read_text()
    return dict(sorted(_VARIABLE.findall(text)))


def render_compose() -> str:
    """Return the variables of docker-compose.yml as Markdown.

    Raises:
        ValueError: One is not described here, or is described and not there.
    """
    found = compose_variables()
    if found.keys() != _COMPOSE.keys():
        differing = ", ".join(sorted(found.keys() ^ _COMPOSE.keys()))
        raise ValueError(
            f"Only one of docker-compose.yml and {__name__} has: {differing}"
        )
    return markdown_table(
        ("Variable", "Default", "Meaning"),
        [
            (f"`{name}`", f"`{found[name]}`" if found[name] else "the part's", meaning)
            for name, meaning in _COMPOSE.items()
        ],
    )


def render_jobs() -> str:
    """Return what runs of the recommender and the archive can be told."""
    return "\n".join(
        f"\n### {name}\n\n{field_table(model_schema(settings), header='Setting')}"
        for name, settings in _JOBS
    )
