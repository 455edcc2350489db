"""The subjects of the schema registry."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import httpx

from goodsflow.bootstrap.errors import DeclaredFileError
from goodsflow.bootstrap.outcome import Outcome
from goodsflow.bootstrap.waiting import wait_for
from goodsflow.reconcile import Change, SchemaState, plan_schemas
from goodsflow.registry import (
    RegistryClient,
    RegistryUnavailableError,
    SubjectNotFoundError,
)
from goodsflow.spec import Platform

_PROBE_SECONDS = 5.0


def load_schemas(platform: Platform, folder: Path) -> dict[str, SchemaState]:
    """Read the declared schemas from their files.

    Args:
        platform: The declaration.
        folder: Where ``platform.yaml`` is.

    Raises:
        DeclaredFileError: A file cannot be read or is no JSON.
    """
    schemas = {}
    for subject, schema in platform.schemas.items():
        path = folder / schema.file
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DeclaredFileError(
                f"Cannot read the schema of subject '{subject}' from {path}: {error}"
            ) from error
        schemas[subject] = SchemaState(document, schema.compatibility)
    return schemas


def await_registry(url: str, timeout_seconds: float) -> None:
    """Wait until the registry has replayed its journal.

    Before that, it answers as if it were empty.

    Args:
        url: Root of its Confluent-compatible API; its health is beside that.
        timeout_seconds: When to give up.

    Raises:
        NotReadyInTimeError: It is not ready by then.
    """
    health_url = str(httpx.URL(url).copy_with(path="/health/ready"))

    def probe() -> None:
        try:
            response = httpx.get(health_url, timeout=_PROBE_SECONDS, trust_env=False)
        except httpx.HTTPError as error:
            raise RegistryUnavailableError(
                f"{health_url} does not answer ({type(error).__name__})"
            ) from error
        if not response.is_success:
            raise RegistryUnavailableError(
                f"{health_url} answers {response.status_code}"
            )

    wait_for(
        probe,
        "the schema registry to be ready",
        timeout_seconds=timeout_seconds,
        retry_on=(RegistryUnavailableError,),
    )


def make_schemas(client: RegistryClient, desired: Mapping[str, SchemaState]) -> Outcome:
    """Register what is missing or differs, and set each subject's compatibility.

    Raises:
        IncompatibleSchemaError: A new version breaks its subject's compatibility.
        RegistryError: The registry refused or did not answer.
    """
    plan = plan_schemas(desired, _read(client, desired))
    for change in plan.changes:
        _apply(client, change)
    return Outcome({"subjects": len(desired)}, plan.changes)


def _read(
    client: RegistryClient, subjects: Mapping[str, SchemaState]
) -> dict[str, SchemaState]:
    found = {}
    for subject in subjects:
        try:
            text = client.latest(subject).text
            compatibility = client.compatibility(subject)
        except SubjectNotFoundError:
            continue
        found[subject] = SchemaState(json.loads(text), compatibility)
    return found


def _apply(client: RegistryClient, change: Change[SchemaState]) -> None:
    text = json.dumps(change.desired.document, ensure_ascii=False)
    # A subject without a version has no compatibility to set; one that has is to judge
    # its next version by what is declared now.
    if change.action == "create":
        client.register(change.name, text)
    client.set_compatibility(change.name, change.desired.compatibility)
    if change.action == "update":
        client.register(change.name, text)
