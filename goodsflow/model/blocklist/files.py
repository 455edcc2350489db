"""Files of rules that an operator imports."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from goodsflow.common.counting import counted
from goodsflow.model.blocklist import FIELDS, SCOPES, BlockListError, Entry, Rule, Scope

_JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})


def read_entries(path: Path, *, reason: str, by: str, at: datetime) -> list[Entry]:
    """Read a file of rules: CSV with a header, or JSON lines (``.jsonl``).

    Each line has one of ``product``, ``brand``, ``store`` and ``category``, and may
    have a ``reason``. The cards' names ``product_id`` and ``store_id`` are accepted,
    too. A line with several of them is rejected: it may be a whole card, which would
    block its brand, store and category. CSV is separated by commas, semicolons or tabs.
    A file without a header has one product ID per line.

    Args:
        path: The file, in UTF-8.
        reason: For lines that give none.
        by: Who blocks.
        at: Since when.

    Raises:
        BlockListError: The file can't be read, or it has invalid lines. The message
            lists them.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BlockListError(f"Cannot read '{path}': {error}.") from error
    is_json = path.suffix.lower() in _JSON_SUFFIXES
    rows = _json_rows(text) if is_json else _csv_rows(text)
    entries: list[Entry] = []
    problems: list[str] = []
    for number, row in rows:
        try:
            entries.append(_entry(row, reason, by, at))
        except BlockListError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        shown = "\n  ".join(problems[:20])
        more = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise BlockListError(
            f"Nothing was imported: {counted(len(problems), 'line')} of '{path}' "
            f"{'is' if len(problems) == 1 else 'are'} invalid:\n  {shown}{more}"
        )
    if not entries:
        raise BlockListError(f"'{path}' contains no rules.")
    return entries


_SCOPES_OF_NAMES: dict[str, Scope] = {
    **{scope: scope for scope in SCOPES},
    **{field: scope for scope, field in FIELDS.items()},
}
"""By their own names and by the names that cards use."""

_SEPARATORS = ",;\t"


def _json_rows(text: str) -> Iterable[tuple[int, Any]]:
    for number, line in enumerate(_lines(text), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, error


def _lines(text: str) -> list[str]:
    """Split at line feeds only: values may contain Unicode's other line separators."""
    return text.replace("\r\n", "\n").split("\n")


def _csv_rows(text: str) -> Iterable[tuple[int, Any]]:
    first, _, rest = text.replace("\r\n", "\n").partition("\n")
    for separator in _SEPARATORS:
        header = [_column(cell) for cell in first.split(separator)]
        if any(name in _SCOPES_OF_NAMES for name in header):
            break
    else:
        yield from _product_rows(_lines(text))
        return
    reader = csv.DictReader(
        StringIO(rest, newline=""),
        fieldnames=header,
        restkey=_REST,
        delimiter=separator,
        # Otherwise an unclosed quote would turn the rest of the file into one cell.
        strict=True,
    )
    try:
        for row in reader:
            number = reader.line_num + 1
            more: Any = row.pop(_REST, ())
            if any(map(_is_filled, more)):
                yield number, BlockListError("it has more cells than the header")
            else:
                yield number, {k: v.strip() for k, v in row.items() if _is_filled(v)}
    except csv.Error as error:
        yield reader.line_num + 1, BlockListError(f"it is not valid CSV: {error}")


_REST = "\n"
"""Never the name of a column, because names are stripped."""


def _column(cell: str) -> str:
    return cell.strip().strip('"').lower()


def _product_rows(lines: Iterable[str]) -> Iterable[tuple[int, Any]]:
    """Read each line as a product ID; reject lines that look like CSV or JSON."""
    for number, line in enumerate(lines, 1):
        product = line.strip()
        if set(product) & set(_SEPARATORS):
            yield (
                number,
                BlockListError(
                    f"'{product}' is not a product ID, and the file has no header with "
                    f"one of {', '.join(SCOPES)}"
                ),
            )
        elif product[:1] in {"{", "["}:
            yield (
                number,
                BlockListError(
                    f"'{product}' is not a product ID; for JSON lines, use a file name "
                    "that ends with .jsonl"
                ),
            )
        elif product:
            yield number, {"product": product}


def _is_filled(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _entry(row: Any, reason: str, by: str, at: datetime) -> Entry:
    if isinstance(row, BlockListError):
        raise row
    if not isinstance(row, dict):
        why = f" ({row})" if isinstance(row, Exception) else ""
        raise BlockListError(f"it is not a JSON object{why}")
    row = {name.lower(): value for name, value in row.items()}
    named = [name for name in row if name in _SCOPES_OF_NAMES]
    if not named:
        raise BlockListError(f"it has none of {', '.join(SCOPES)}")
    if len(named) > 1:
        raise BlockListError(f"it has {' and '.join(named)}; expected only one of them")
    [name] = named
    scope, text = _SCOPES_OF_NAMES[name], _text(row[name], name)
    if scope == "product" and not text.isprintable():
        raise BlockListError(f"its '{name}' has an unprintable character: {text!r}")
    return Entry(Rule(scope, text), _reason(row, reason), by, at)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise BlockListError(f"its '{name}' is not a string")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BlockListError(f"its '{name}' is not valid Unicode") from error
    return value


def _reason(row: dict[str, Any], default: str) -> str:
    return _text(row["reason"], "reason") if "reason" in row else default
