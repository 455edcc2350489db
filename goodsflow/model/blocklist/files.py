"""Files of rules that an operator imports."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from goodsflow.model.blocklist import FIELDS, SCOPES, BlockListError, Entry, Rule, Scope

_JSON_SUFFIXES = frozenset({".jsonl", ".ndjson", ".json"})


def read_entries(path: Path, *, reason: str, by: str, at: datetime) -> list[Entry]:
    """Read a file of rules: CSV with a header, or one JSON object a line (``.jsonl``).

    Each line has one of ``product``, ``brand``, ``store`` and ``category``, and may
    have a ``reason``; ``product_id`` and ``store_id``, as cards have them, do as well.
    A line that has more of them may be a card, of which one thing is meant and not its
    whole category. CSV is separated by commas, semicolons or tabs. A file of no header
    has a product ID a line.

    Args:
        path: Of the file, UTF-8.
        reason: Where a line gives none.
        by: Who blocks.
        at: Since when.

    Raises:
        BlockListError: It cannot be read, or with every line that is wrong.
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
        what = "1 line is" if len(problems) == 1 else f"{len(problems)} lines are"
        raise BlockListError(
            f"Nothing of '{path}' was taken, {what} wrong:\n  {shown}{more}"
        )
    if not entries:
        raise BlockListError(f"There is no rule in '{path}'.")
    return entries


_SCOPES_OF_NAMES: dict[str, Scope] = {
    **{scope: scope for scope in SCOPES},
    **{field: scope for scope, field in FIELDS.items()},
}
"""By their own names, and by what cards call them."""

_SEPARATORS = ",;\t"


def _json_rows(text: str) -> Iterable[tuple[int, Any]]:
    for number, line in enumerate(_lines(text), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                yield number, error


def _lines(text: str) -> list[str]:
    """Split at ends of lines; texts may hold what Unicode has besides."""
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
        # Else a quote that is not closed would make one cell of all that follows.
        strict=True,
    )
    try:
        for row in reader:
            number = reader.line_num + 1
            more: Any = row.pop(_REST, ())
            if any(map(_full, more)):
                yield number, BlockListError("it has more cells than the header")
            else:
                yield number, {k: v.strip() for k, v in row.items() if _full(v)}
    except csv.Error as error:
        yield reader.line_num + 1, BlockListError(f"it is no CSV: {error}")


_REST = "\n"
"""No name of a column, as these are stripped."""


def _column(cell: str) -> str:
    return cell.strip().strip('"').lower()


def _product_rows(lines: Iterable[str]) -> Iterable[tuple[int, Any]]:
    """Take each line for a product ID; what looks like cells is none."""
    for number, line in enumerate(lines, 1):
        product = line.strip()
        if set(product) & set(_SEPARATORS):
            yield (
                number,
                BlockListError(
                    f"'{product}' is no product ID, and the file does not begin with a "
                    f"header that names {', '.join(SCOPES)}"
                ),
            )
        elif product[:1] in {"{", "["}:
            yield (
                number,
                BlockListError(
                    f"'{product}' is no product ID; a file of JSON lines has a name "
                    "that ends with .jsonl"
                ),
            )
        elif product:
            yield number, {"product": product}


def _full(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _entry(row: Any, reason: str, by: str, at: datetime) -> Entry:
    if isinstance(row, BlockListError):
        raise row
    if not isinstance(row, dict):
        why = f" ({row})" if isinstance(row, Exception) else ""
        raise BlockListError(f"it is no JSON object{why}")
    row = {name.lower(): value for name, value in row.items()}
    named = [name for name in row if name in _SCOPES_OF_NAMES]
    if not named:
        raise BlockListError(f"it has none of {', '.join(SCOPES)}")
    if len(named) > 1:
        raise BlockListError(
            f"it has {' and '.join(named)}; a line names one thing to block"
        )
    [name] = named
    scope, text = _SCOPES_OF_NAMES[name], _text(row[name], name)
    if scope == "product" and not text.isprintable():
        raise BlockListError(
            f"its '{name}' has a character that cannot be seen: {text!r}"
        )
    return Entry(Rule(scope, text), _reason(row, reason), by, at)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise BlockListError(f"its '{name}' is no text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise BlockListError(f"its '{name}' is no text that can be written") from error
    return value


def _reason(row: dict[str, Any], otherwise: str) -> str:
    return _text(row["reason"], "reason") if "reason" in row else otherwise
