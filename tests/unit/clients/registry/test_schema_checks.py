"""Schemas by ID, looked up in a registry and compiled for checks."""

from __future__ import annotations

import pytest

from goodsflow.clients.registry import (
    RegistryUnavailableError,
    SchemaNotFoundError,
    SubjectNotFoundError,
)
from goodsflow.clients.registry.schema_checks import SchemaChecks, UnknownSchemaError

SCHEMAS = {
    1: '{"type": "object", "properties": {"amount": {"minimum": 0}}}',
    2: '{"type": 3}',
    3: "{",
}


class Registry:
    """Knows ``SCHEMAS``, once it is ready."""

    url = "http://registry"

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.is_ready = True

    def schema_text(self, schema_id: int) -> str:
        """Return a schema."""
        self.asked.append(schema_id)
        if schema_id not in SCHEMAS or not self.is_ready:
            raise SchemaNotFoundError("no such schema")
        return SCHEMAS[schema_id]

    def latest(self, subject: str) -> None:
        """Return if its schemas are loaded."""
        if not self.is_ready:
            raise SubjectNotFoundError(subject)


def checks(registry: Registry, now: list[float] | None = None) -> SchemaChecks:
    """Return checks at a time that the test sets."""
    times = now or [0.0]
    return SchemaChecks(registry, "goods-value", lambda: times[0])  # type: ignore[arg-type]


def test_a_schema_is_looked_up_once() -> None:
    """With a request for each value, the registry would be the bottleneck."""
    registry = Registry()
    found = checks(registry)
    assert found.by_id(1) is found.by_id(1)
    assert registry.asked == [1]


def test_a_problem_names_the_schema_and_the_field() -> None:
    """A shop's developer has to find it among fifty fields."""
    check = checks(Registry()).by_id(1)
    assert check.is_valid({"amount": 1})
    assert check.problem({"amount": 1}) == ""
    assert not check.is_valid({"amount": -1})
    assert "breaks schema 1 at ['amount']" in check.problem({"amount": -1})
    assert "breaks schema 1 at the value" in check.problem([])


@pytest.mark.parametrize("schema_id", [2, 3])
def test_a_schema_that_cannot_be_compiled_is_unknown(schema_id: int) -> None:
    """Another exception would stop the filter permanently."""
    with pytest.raises(UnknownSchemaError, match="not a JSON Schema"):
        checks(Registry()).by_id(schema_id)


def test_an_unknown_schema_is_looked_up_again_after_a_while() -> None:
    """If its ID is assigned later, values would be rejected until a restart."""
    registry, now = Registry(), [0.0]
    found = checks(registry, now)
    for now[0] in (0.0, 29.0, 31.0):
        with pytest.raises(UnknownSchemaError, match="schema ID 77"):
            found.by_id(77)
    assert registry.asked == [77, 77]


def test_a_registry_without_its_schemas_is_unavailable() -> None:
    """It answers before it is ready, as if it had no schemas."""
    registry = Registry()
    registry.is_ready = False
    found = checks(registry)
    with pytest.raises(RegistryUnavailableError, match="yet"):
        found.by_id(1)
    registry.is_ready = True
    assert found.by_id(1).is_valid({})
