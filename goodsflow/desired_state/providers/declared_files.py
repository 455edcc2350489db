"""Load the files that the declaration names: schemas and connectors."""

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
        folder: The folder of ``platform.yaml``.

    Raises:
        DeclaredFileError: A file cannot be read or is not JSON.
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
    """Read the declared connectors' configurations from their files.

    Args:
        platform: The declaration.
        folder: The folder of ``platform.yaml``.

    Raises:
        DeclaredFileError: A file cannot be read, or is not a flat JSON object.
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
            f"{what}: expected plain values, found objects or lists in "
            f"{', '.join(nested)}. Write the configuration itself, as PUT "
            "/connectors/<name>/config takes it."
        )
    # Connect stores strings, and a plan compares with what it returns.
    return {key: _text(value) for key, value in document.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
