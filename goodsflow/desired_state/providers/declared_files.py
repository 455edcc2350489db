"""What the declaration says by way of other files: schemas and connectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from goodsflow.desired_state.planning import ConnectorState, SchemaState
from goodsflow.desired_state.providers.errors import DeclaredFileError
from goodsflow.model.spec import Platform


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


def load_connectors(platform: Platform, folder: Path) -> dict[str, ConnectorState]:
    """Read the declared connectors with their configurations from their files.

    Args:
        platform: The declaration.
        folder: Where ``platform.yaml`` is.

    Raises:
        DeclaredFileError: A file cannot be read, or is no flat JSON object.
    """
    return {
        name: ConnectorState(
            _load_config(name, folder / connector.file), connector.state
        )
        for name, connector in platform.connectors.items()
    }


def _load_config(name: str, path: Path) -> dict[str, str]:
    what = f"Cannot use {path} as the configuration of connector '{name}'"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DeclaredFileError(f"{what}: {error}") from error
    nested = [key for key, value in document.items() if isinstance(value, dict | list)]
    if nested:
        raise DeclaredFileError(
            f"{what}: {', '.join(nested)} is no plain value. The file holds the "
            "configuration itself, as PUT /connectors/<name>/config takes it."
        )
    # Connect keeps texts: what it returns is compared with them.
    return {key: _text(value) for key, value in document.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
