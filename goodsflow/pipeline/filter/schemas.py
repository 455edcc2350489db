"""The schemas that values name, each looked up once, compiled for quick checks."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from goodsflow.clients.registry import (
    RegistryClient,
    RegistryUnavailableError,
    SchemaNotFoundError,
    SubjectNotFoundError,
)
from goodsflow.common.errors import GoodsflowError

SUBJECT = "goods-value"
"""Of the cards; where the registry does not have it, it does not have its schemas."""

_LOGGER = logging.getLogger(__name__)

_UNKNOWN_SECONDS = 30.0
"""How long a schema stays unknown: the registry may give its ID out meanwhile."""

_MOST_UNKNOWN = 10_000
"""Garbage may name any of two thousand million schemas."""


class UnknownSchemaError(GoodsflowError):
    """The registry has no such schema, or it is none to check with."""


class Check(NamedTuple):
    """A compiled schema.

    Attributes:
        is_valid: Says whether a value keeps it.
        problem: Says what a value breaks.
    """

    is_valid: Callable[[Any], bool]
    problem: Callable[[Any], str]


class Schemas:
    """Schemas by their IDs. An ID means the same schema for ever.

    Args:
        registry: Where they are looked up.
        clock: In seconds.
    """

    def __init__(
        self, registry: RegistryClient, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._registry = registry
        self._clock = clock
        self._checks: dict[int, Check] = {}
        self._unknown: dict[int, tuple[float, UnknownSchemaError]] = {}

    def of(self, schema_id: int) -> Check:
        """Return the check for a schema.

        Raises:
            UnknownSchemaError: The registry has none of this ID. It is asked again
                after half a minute.
            RegistryUnavailableError: It does not answer.
            RegistryError: It refused.
        """
        found = self._checks.get(schema_id)
        if found is None:
            found = self._checks[schema_id] = self._look_up(schema_id)
        return found

    def _look_up(self, schema_id: int) -> Check:
        unknown_until, error = self._unknown.get(schema_id, (0.0, None))
        if error is not None and self._clock() < unknown_until:
            raise error
        try:
            text = self._registry.schema_text(schema_id)
            check = _compile(schema_id, text)
        except SchemaNotFoundError as error:
            self._check_registry()
            unknown = UnknownSchemaError(
                f"The value names schema {schema_id}, which the registry does not have."
            )
            self._remember(schema_id, unknown)
            raise unknown from error
        except UnknownSchemaError as error:
            self._remember(schema_id, error)
            raise
        _LOGGER.info("Checking cards of schema %d", schema_id)
        return check

    def _check_registry(self) -> None:
        """See whether the registry knows anything: it answers before it is ready.

        Raises:
            RegistryUnavailableError: It does not have the subject of all cards.
        """
        try:
            self._registry.latest(SUBJECT)
        except SubjectNotFoundError as error:
            raise RegistryUnavailableError(
                f"The schema registry at {self._registry.url} does not have subject "
                f"'{SUBJECT}' yet: no card can be checked. Has the bootstrap run?"
            ) from error

    def _remember(self, schema_id: int, error: UnknownSchemaError) -> None:
        if len(self._unknown) >= _MOST_UNKNOWN:
            self._unknown.clear()
        self._unknown[schema_id] = self._clock() + _UNKNOWN_SECONDS, error


def _compile(schema_id: int, text: str) -> Check:
    try:
        validator = jsonschema_rs.validator_for(orjson.loads(text))
    except (ValueError, jsonschema_rs.ValidationError) as error:
        raise UnknownSchemaError(
            f"The value names schema {schema_id}, which is no JSON Schema: "
            f"{_first_line(error)}"
        ) from error

    def problem(value: Any) -> str:
        found = next(iter(validator.iter_errors(value)), None)
        if found is None:
            return ""
        where = "".join(f"[{part!r}]" for part in found.instance_path) or "the value"
        return f"The card breaks schema {schema_id} at {where}: {found.message}."

    return Check(validator.is_valid, problem)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
