"""The event of a request, against its schema."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

import pytest
from jsonschema import Draft7Validator

from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.search.events import UserEvent

SCHEMA = json.loads((PROJECT_ROOT / "schemas" / "events.json").read_text())
AT = datetime(2026, 1, 20, 11, 11, 2, 5000, tzinfo=UTC)


@pytest.mark.parametrize(
    "event",
    [
        UserEvent("search", "anna", 0, name="часы"),
        UserEvent("search", "anna", 3, name="a", brand="b"),
        UserEvent("recommendations", "anna", None),
    ],
)
def test_event_fits_its_schema(event: UserEvent) -> None:
    """It has the schema's ID, which readers trust."""
    Draft7Validator(SCHEMA).validate(event.as_json(uuid.uuid4(), AT))


def test_event_contains_the_query() -> None:
    """Statistics of searches read these fields by name."""
    content = UserEvent("search", "anna", 2, brand="JKL").as_json(uuid.UUID(int=1), AT)
    assert content == {
        "event_id": "00000000-0000-0000-0000-000000000001",
        "type": "search",
        "query": {"name": None, "brand": "JKL"},
        "results": 2,
        "at": "2026-01-20T11:11:02.005+00:00",
        "user": "anna",
    }
