"""How names, types and literals are written in ksqlDB's SQL."""

from __future__ import annotations

from goodsflow.model.spec import ColumnType, View

_TYPE_SYNONYMS = {"STRING": "VARCHAR", "INT": "INTEGER"}
"""ksqlDB's names of types in descriptions, and their declared names."""


def literal(text: str) -> str:
    """Return a text as a SQL literal.

    Only the single quote is special in a literal: ``${x}`` is replaced only in requests
    that define variables, which ours do not.
    """
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a name in the server's spelling: it upper-cases unquoted names."""
    return name.upper()


def column_type(declared: ColumnType) -> str:
    """Return a column's type as SQL: ``STRUCT<AMOUNT DOUBLE, CURRENCY VARCHAR>``."""
    if isinstance(declared, str):
        return _TYPE_SYNONYMS.get(declared, declared)
    fields = ", ".join(
        f"{identifier(name)} {column_type(kind)}" for name, kind in declared.items()
    )
    return f"STRUCT<{fields}>"


def create_source_table(name: str, view: View) -> str:
    """Return the statement that creates a view if it does not exist.

    A source table keeps the newest value of each key, removes the key of a tombstone,
    and needs fewer rights than any other kind. The statement lists the columns, as
    those that the server would infer clash with the key.
    """
    columns = ", ".join(
        f"{identifier(column)} {column_type(kind)}"
        + (" PRIMARY KEY" if column == view.key else "")
        for column, kind in view.columns.items()
    )
    return (
        f"CREATE SOURCE TABLE IF NOT EXISTS {identifier(name)} ({columns}) "
        f"WITH (KAFKA_TOPIC={literal(view.topic)}, "
        f"VALUE_FORMAT={literal(view.value_format)});"
    )
