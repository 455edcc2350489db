"""The reference of ``platform.yaml``, from the model that reads it."""

from __future__ import annotations

from collections.abc import Iterator

from model_tables import Schema, field_table, model_schema

from goodsflow.model.spec.model import Platform

_ORDER = (
    "Cluster",
    "Topic",
    "Principal",
    "Consumption",
    "TransactionalId",
    "AclRule",
    "Quota",
    "ClusterScope",
    "Schema",
    "Connector",
    "View",
    "HdfsLayout",
    "Directory",
    "PlatformScope",
)
"""How a reader meets them; a model that is not named here comes last."""


def render() -> str:
    """Return the tables of all models as Markdown."""
    return "\n".join(_parts())


def _parts() -> Iterator[str]:
    root = model_schema(Platform)
    models: dict[str, Schema] = dict(root.get("$defs", {}))
    yield "## The file\n"
    yield field_table(root, link=_link)
    known = [name for name in _ORDER if name in models]
    for name in [*known, *sorted(models.keys() - set(known))]:
        yield f"\n## {name}\n"
        yield models[name].get("description", "") + "\n"
        yield field_table(models[name], link=_link, models=root)


def _link(name: str) -> str:
    return f"[{name}](#{name.lower()})"
