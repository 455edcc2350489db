"""The columns of what is computed, for the UI: read from where they are declared.

Here: Dagster's table schemas, made from the JSON Schemas in ``schemas/`` and from the
columns that Spark writes. Not here: a list of columns of its own.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import dagster as dg

from goodsflow.model.endpoints import PROJECT_ROOT
from goodsflow.pipeline.archive.parquet import ARCHIVE_COLUMNS

COLUMN_SCHEMA = "dagster/column_schema"


def json_schema_columns(file_name: str) -> dict[str, dg.TableSchema]:
    """Return metadata with the columns of one of the JSON Schemas.

    Args:
        file_name: In ``schemas/``, such as ``goods.json``.
    """
    schema = json.loads((PROJECT_ROOT / "schemas" / file_name).read_bytes())
    required = set(schema.get("required", []))
    columns = [
        dg.TableColumn(
            name,
            type=_type_name(field),
            description=field.get("description"),
            constraints=dg.TableColumnConstraints(nullable=name not in required),
        )
        for name, field in schema["properties"].items()
    ]
    return {COLUMN_SCHEMA: dg.TableSchema(columns)}


def _type_name(field: Mapping[str, Any]) -> str:
    """Return the type of a field as one reads it: nested fields in brackets."""
    kind = field.get("type", "any")
    if kind == "array":
        return f"array<{_type_name(field.get('items', {}))}>"
    if kind == "object" and "properties" in field:
        inner = ", ".join(
            f"{name}: {_type_name(each)}" for name, each in field["properties"].items()
        )
        return f"object<{inner}>"
    if isinstance(kind, list):
        return " or ".join(kind)
    return str(field.get("format", kind))


def archive_columns() -> dict[str, dg.TableSchema]:
    """Return metadata with the columns of an archived file."""
    columns = [
        dg.TableColumn(name, type=kind.lower())
        for name, kind in ARCHIVE_COLUMNS.items()
    ]
    return {COLUMN_SCHEMA: dg.TableSchema(columns)}


def archive_version() -> str:
    """Return a version that changes with the columns of an archived file.

    It does not follow the code: a day's sources are gone, nobody can archive it again.
    """
    content = json.dumps(dict(ARCHIVE_COLUMNS))
    return hashlib.sha256(content.encode()).hexdigest()[:12]
