"""References in the declaration: clusters, topics and files that must exist.

They are checked on the parsed YAML, not on the model, so that these problems are
reported together with the model's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from goodsflow.model.endpoints import ClusterName

Location = tuple[str | int, ...]
"""The keys and indexes that lead to a place in the file."""


def reference_problems(data: object, folder: Path) -> Iterator[tuple[Location, str]]:
    """Find references to what does not exist; skip what the model rejects anyway.

    Args:
        data: The parsed YAML.
        folder: The folder that its file paths are relative to.
    """
    clusters = _mapping(data, "clusters")
    if clusters:
        for missing in sorted(set(get_args(ClusterName)) - set(clusters)):
            yield ("clusters",), f"cluster '{missing}' is missing"
    for location, topic, name in _all_topic_references(data):
        if topic not in _mapping(clusters.get(name), "topics"):
            yield location, f"topic '{topic}' is not declared on cluster '{name}'"
    for section in ("schemas", "connectors"):
        for name, declared in _mapping(data, section).items():
            file = declared.get("file") if isinstance(declared, dict) else None
            problem = _json_problem(folder / file) if isinstance(file, str) else None
            if problem:
                yield (section, name, "file"), problem


def _all_topic_references(data: object) -> Iterator[tuple[Location, str, str]]:
    """Yield each reference to a topic: its place, the topic, and its cluster."""
    for name, cluster in _mapping(data, "clusters").items():
        for principal, declared in _mapping(cluster, "principals").items():
            for location, topic in _topic_references(declared):
                if isinstance(topic, str):
                    place = ("clusters", name, "principals", principal, *location)
                    yield place, topic, name
    for name, view in _mapping(data, "views").items():
        topic = view.get("topic") if isinstance(view, dict) else None
        if isinstance(topic, str):
            yield ("views", name, "topic"), topic, "analytics"


def _topic_references(principal: object) -> Iterator[tuple[Location, object]]:
    for index, topic in enumerate(_sequence(principal, "produce")):
        yield ("produce", index), topic
    for index, consumption in enumerate(_sequence(principal, "consume")):
        for nth, topic in enumerate(_sequence(consumption, "topics")):
            yield ("consume", index, "topics", nth), topic


def _mapping(parent: object, key: str) -> dict[Any, Any]:
    value = parent.get(key) if isinstance(parent, dict) else None
    return value if isinstance(value, dict) else {}


def _sequence(parent: object, key: str) -> list[Any]:
    value = parent.get(key) if isinstance(parent, dict) else None
    return value if isinstance(value, list) else []


def _json_problem(path: Path) -> str | None:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return f"cannot read {path}: {error.strerror}"
    except ValueError as error:
        return f"{path} is not valid JSON: {error}"
    return None if isinstance(document, dict) else f"{path} is not a JSON object"
