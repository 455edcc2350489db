"""The schema of user events."""

import json
import uuid
from typing import Any

import pytest
from jsonschema import Draft7Validator

from goodsflow.model.endpoints import PROJECT_ROOT

VALIDATOR = Draft7Validator(
    json.loads((PROJECT_ROOT / "schemas/events.json").read_text(encoding="utf-8"))
)


def event(**changes: object) -> dict[str, Any]:
    """Return an event of a search, with changes."""
    return {
        "event_id": str(uuid.uuid4()),
        "type": "search",
        "query": {"name": "JKL", "brand": None},
        "results": 3,
        "at": "2026-01-20T11:11:02.123456+00:00",
        "user": "ann",
    } | changes


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"results": None},
        {"type": "recommendations", "query": {"name": None, "brand": None}},
        {"at": "2026-01-20T11:11:02Z", "client": "a later version's field"},
    ],
)
def test_what_the_user_commands_write_is_an_event(changes: dict[str, object]) -> None:
    """Otherwise the registry's serializer would refuse the events."""
    assert list(VALIDATOR.iter_errors(event(**changes))) == []


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"event_id": "1"}, "$.event_id"),
        ({"type": "browse"}, "$.type"),
        ({"query": {"name": 1, "brand": None}}, "$.query.name"),
        ({"query": None}, "$.query"),
        ({"results": "3"}, "$.results"),
        ({"results": -1}, "$.results"),
        ({"at": "yesterday"}, "$.at"),
        ({"user": ""}, "$.user"),
    ],
)
def test_what_is_none_is_refused(changes: dict[str, object], path: str) -> None:
    """Otherwise unreadable events would be kept for a week."""
    assert [e.json_path for e in VALIDATOR.iter_errors(event(**changes))] == [path]
