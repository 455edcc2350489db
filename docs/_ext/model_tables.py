"""Tables of pydantic models in Markdown: each field with its type and its default.

Everything comes from the model's JSON Schema, so that a table cannot differ from what
the program accepts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

Schema = Mapping[str, Any]

_PLAIN = {"boolean": "true or false", "number": "number", "null": "none"}


def field_table(
    schema: Schema,
    *,
    header: str = "Key",
    name: Callable[[str], str] = str,
    link: Callable[[str], str] = str,
    models: Schema | None = None,
) -> str:
    """Return a table with a row for each field of an object.

    Args:
        schema: The JSON Schema of the object.
        header: The title of the first column.
        name: Makes a field's name what its reader writes.
        link: Makes a model's name a link to its table.
        models: The schema that defines the models it refers to; its own without.
    """
    required = set(schema.get("required", ()))
    models = (models or schema).get("$defs", {})
    rows = []
    for key, field in schema["properties"].items():
        shown = default_text(field)
        if key in required:
            shown = "required"
        rows.append(
            (
                f"`{name(key)}`",
                type_text(field, link),
                shown,
                _meaning(field, models),
            )
        )
    return markdown_table((header, "Type", "Default", "Meaning"), rows)


def model_schema(model: type[BaseModel]) -> Schema:
    """Return a model's JSON Schema, as what a person writes must be."""
    return model.model_json_schema(mode="validation")


def type_text(field: Schema, link: Callable[[str], str] = str) -> str:
    """Describe in words which values a field takes."""
    if "$ref" in field:
        return link(_model_name(field))
    if "anyOf" in field:
        kinds = [type_text(each, link) for each in field["anyOf"]]
        return " or ".join(kind for kind in kinds if kind != "none")
    if "enum" in field:
        return " \\| ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return f"list of {type_text(field['items'], link)}"
    if field.get("type") == "object":
        return _mapping_text(field, link)
    return _plain_text(field)


def default_text(field: Schema) -> str:
    """Return a field's default as it would be written."""
    if "default" not in field:
        kind = "{}" if field.get("type") in {"object", None} else "[]"
        return f"`{kind}`" if field.get("type") in {"array", "object"} else ""
    default = field["default"]
    if default is None:
        return "none"
    if isinstance(default, str):
        return f"`{default}`"
    if isinstance(default, Mapping):
        return ""
    return f"`{json.dumps(default)}`"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; a line break within a cell becomes a space."""
    return "\n".join(_lines(header, rows)) + "\n"


def _lines(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(header) + " |"
    yield "| " + " | ".join("---" for _ in header) + " |"
    for row in rows:
        yield "| " + " | ".join(" ".join(cell.split()) for cell in row) + " |"


def _meaning(field: Schema, models: Mapping[str, Schema]) -> str:
    """Return a field's description; pydantic leaves out one that its model has too."""
    if "description" not in field and "$ref" in field:
        field = models.get(_model_name(field), {})
    return str(field.get("description", "")).partition("\n\n")[0]


def _model_name(field: Schema) -> str:
    return str(field["$ref"]).rpartition("/")[2]


def _mapping_text(field: Schema, link: Callable[[str], str]) -> str:
    keys = field.get("propertyNames", {"type": "string"})
    values = field.get("additionalProperties")
    shown = type_text(values, link) if isinstance(values, Mapping) else "any"
    return f"mapping of {type_text(keys, link)} to {shown}"


def _plain_text(field: Schema) -> str:
    kind = str(field.get("type", "any"))
    text = _PLAIN.get(kind, kind)
    if field.get("format") == "path":
        text = "path"
    least, most = field.get("minimum"), field.get("maximum")
    above = field.get("exclusiveMinimum")
    if least is not None and most is not None:
        text += f", {least:,} to {most:,}"
    elif above is not None and most is not None:
        text += f", above {above:,}, at most {most:,}"
    elif least is not None:
        text += f", at least {least:,}"
    elif above is not None:
        text += f", above {above:,}"
    if "pattern" in field:
        text += f", matching `{field['pattern'].replace('|', chr(92) + '|')}`"
    return text
