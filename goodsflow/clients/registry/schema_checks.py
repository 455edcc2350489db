"""Schemas by ID, each looked up once and compiled for fast checks of values."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from goodsflow.clients.registry.client import RegistryClient
from goodsflow.clients.registry.errors import (
    RegistryUnavailableError,
    SchemaNotFoundError,
    SubjectNotFoundError,
)
from goodsflow.common.errors import GoodsflowError

_LOGGER = logging.getLogger(__name__)

_UNKNOWN_SECONDS = 30.0
"""How long a schema counts as unknown: the registry may assign its ID later."""

_MAX_UNKNOWN = 10_000
"""Malformed values may contain any of two billion schema IDs."""


class UnknownSchemaError(GoodsflowError):
    """The registry has no such schema, or the schema can't be used for checks."""


class SchemaCheck(NamedTuple):
    """A compiled schema.

    Attributes:
        is_valid: Returns whether a value conforms.
        problem: Describes how a value breaks it; empty where it conforms.
    """

    is_valid: Callable[[Any], bool]
    problem: Callable[[Any], str]


class SchemaChecks:
    """Checks by schema ID. An ID always means the same schema.

    Args:
        registry: Where schemas are looked up.
        subject: One that must be there once the registry is ready: a registry that
            lacks it hasn't loaded its schemas yet.
        clock: In seconds.
    """

    def __init__(
        self,
        registry: RegistryClient,
        subject: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = registry
        self._subject = subject
        self._clock = clock
        self._checks: dict[int, SchemaCheck] = {}
        self._unknown: dict[int, tuple[float, UnknownSchemaError]] = {}

    def by_id(self, schema_id: int) -> SchemaCheck:
        """Return the check for a schema.

        Raises:
            UnknownSchemaError: The registry has no schema with this ID. It is asked
                again after half a minute.
            RegistryUnavailableError: The registry doesn't answer.
            RegistryError: The registry refused.
        """
        found = self._checks.get(schema_id)
        if found is None:
            found = self._checks[schema_id] = self._look_up(schema_id)
        return found

    def _look_up(self, schema_id: int) -> SchemaCheck:
        unknown_until, error = self._unknown.get(schema_id, (0.0, None))
        if error is not None and self._clock() < unknown_until:
            raise error
        try:
            text = self._registry.schema_text(schema_id)
            check = _compile(schema_id, text)
        except SchemaNotFoundError as error:
            self._check_registry()
            unknown = UnknownSchemaError(
                f"The value has schema ID {schema_id}, which the registry doesn't know."
            )
            self._remember(schema_id, unknown)
            raise unknown from error
        except UnknownSchemaError as error:
            self._remember(schema_id, error)
            raise
        _LOGGER.info("Loaded schema %d", schema_id)
        return check

    def _check_registry(self) -> None:
        """Check that the registry has loaded its schemas: it answers before that.

        Raises:
            RegistryUnavailableError: The subject is missing.
        """
        try:
            self._registry.latest(self._subject)
        except SubjectNotFoundError as error:
            raise RegistryUnavailableError(
                f"The schema registry at {self._registry.url} doesn't have subject "
                f"'{self._subject}' yet, so nothing can be checked. Has the bootstrap "
                "run?"
            ) from error

    def _remember(self, schema_id: int, error: UnknownSchemaError) -> None:
        if len(self._unknown) >= _MAX_UNKNOWN:
            self._unknown.clear()
        self._unknown[schema_id] = self._clock() + _UNKNOWN_SECONDS, error


def _compile(schema_id: int, text: str) -> SchemaCheck:
    try:
        validator = jsonschema_rs.validator_for(orjson.loads(text))
    except (ValueError, jsonschema_rs.ValidationError) as error:
        raise UnknownSchemaError(
            f"The value has schema ID {schema_id}, which is not a JSON Schema: "
            f"{_first_line(error)}"
        ) from error

    def problem(value: Any) -> str:
        found = next(iter(validator.iter_errors(value)), None)
        if found is None:
            return ""
        where = "".join(f"[{part!r}]" for part in found.instance_path) or "the value"
        return f"The value breaks schema {schema_id} at {where}: {found.message}."

    return SchemaCheck(validator.is_valid, problem)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
