"""Changing the block list: records on its topic."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from goodsflow.blocklist.errors import BlockListError
from goodsflow.blocklist.model import FIELDS, SCOPES, TOPIC, Entry, Rule
from goodsflow.blocklist.reading import CLUSTER
from goodsflow.cards import encode_json, frame
from goodsflow.endpoints import Endpoints
from goodsflow.kafka.config import producer_config
from goodsflow.kafka.login import try_login
from goodsflow.kafka.offsets import OffsetReader
from goodsflow.registry import RegistryClient


def block(
    endpoints: Endpoints,
    principal: str,
    entries: Iterable[Entry],
    *,
    on_progress: Callable[[int], None] = lambda _: None,
    timeout_seconds: float = 30.0,
) -> int:
    """Let rules hold; one that holds already gets the new reason.

    Args:
        endpoints: Of the platform.
        principal: May write to the topic.
        entries: With the rules.
        on_progress: Is told how many records the cluster has, now and then.
        timeout_seconds: For the delivery of each record.

    Returns:
        How many records were written.

    Raises:
        BlockListError: The cluster did not take them all.
        RegistryError: The registry does not know the entries' schema, or is down.
        EndpointsError: The principal has no password file.
    """
    with RegistryClient(endpoints.schema_registry_url) as registry:
        schema_id = registry.latest(f"{TOPIC}-value").schema_id
    try:
        # All, before the first is sent.
        records = [
            (entry.rule.key, frame(schema_id, encode_json(entry.as_json()).encode()))
            for entry in entries
        ]
    except UnicodeEncodeError as error:
        raise BlockListError(
            f"Nothing was changed: {error.object!r} is no text that can be written."
        ) from error
    return _send(endpoints, principal, records, on_progress, timeout_seconds)


def unblock(
    endpoints: Endpoints,
    principal: str,
    rules: Iterable[Rule],
    *,
    timeout_seconds: float = 30.0,
) -> int:
    """Let rules hold no more. What they held back comes with its next card.

    Returns:
        How many records were written.

    Raises:
        BlockListError: The cluster did not take them all.
        EndpointsError: The principal has no password file.
    """
    records = [(rule.key, None) for rule in rules]
    return _send(endpoints, principal, records, lambda _: None, timeout_seconds)


def read_entries(path: Path, *, reason: str, by: str, at: datetime) -> list[Entry]:
    """Read a file of rules: CSV with a header, or one JSON object a line (``.jsonl``).

    Each has ``product``, ``brand``, ``store`` or ``category``, and may have a
    ``reason``; ``product_id`` and ``store_id``, as cards have them, do as well. CSV is
    separated by commas, semicolons or tabs. A file of no header has a product ID a
    line.

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
    rows = _json_rows(text) if path.suffix in {".jsonl", ".ndjson"} else _csv_rows(text)
    entries: list[Entry] = []
    problems: list[str] = []
    for number, row in rows:
        try:
            entries += _entries(row, reason, by, at)
        except BlockListError as error:
            problems.append(f"line {number}: {error}")
    if problems:
        shown = "\n  ".join(problems[:20])
        more = f"\n  and {len(problems) - 20} more" if len(problems) > 20 else ""
        raise BlockListError(
            f"Nothing of '{path}' was taken, {len(problems)} lines are wrong:\n  "
            f"{shown}{more}"
        )
    if not entries:
        raise BlockListError(f"There is no rule in '{path}'.")
    return entries


_PROGRESS_EVERY = 10_000
_SCOPES_OF_FIELDS = {field: scope for scope, field in FIELDS.items()}
"""What cards call them."""

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
        if set(header) & set(SCOPES):
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
            more: Any = row.pop(_REST, [])
            if any(map(_full, more)):
                yield number, BlockListError("it has more cells than the header")
            else:
                yield number, {k: v.strip() for k, v in row.items() if _full(v)}
    except csv.Error as error:
        yield reader.line_num + 1, BlockListError(f"it is no CSV: {error}")


_REST = ""


def _column(cell: str) -> str:
    name = cell.strip().strip('"')
    return _SCOPES_OF_FIELDS.get(name, name)


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
        elif product:
            yield number, {"product": product}


def _full(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _entries(row: Any, reason: str, by: str, at: datetime) -> Sequence[Entry]:
    if isinstance(row, BlockListError):
        raise row
    if not isinstance(row, dict):
        why = f" ({row})" if isinstance(row, Exception) else ""
        raise BlockListError(f"it is no JSON object{why}")
    named = {_SCOPES_OF_FIELDS.get(name, name): value for name, value in row.items()}
    found = [
        Entry(Rule(scope, _text(named[scope], scope)), _reason(row, reason), by, at)
        for scope in SCOPES
        if scope in named
    ]
    if not found:
        raise BlockListError(f"it has none of {', '.join(SCOPES)}")
    return found


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


def _send(
    endpoints: Endpoints,
    principal: str,
    records: Iterable[tuple[bytes, bytes | None]],
    on_progress: Callable[[int], None],
    timeout_seconds: float,
) -> int:
    config = producer_config(endpoints, CLUSTER, principal)
    login = try_login(config, timeout_seconds)
    if login.error:
        raise BlockListError(
            f"Cannot change the block list as '{principal}': {login.error}."
        )
    failures: list[str] = []

    def on_delivery(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failures.append(error.str())

    producer = Producer(
        config
        | {
            "message.timeout.ms": int(timeout_seconds * 1000),
            "on_delivery": on_delivery,
            "log_level": 0,
        }
    )
    sent = 0
    for key, value in records:
        _produce(producer, key, value)
        sent += 1
        if sent % _PROGRESS_EVERY == 0:
            on_progress(sent - len(producer) - len(failures))
    missing = producer.flush(timeout_seconds + 1) + len(failures)
    if missing:
        why = failures[0] if failures else "no answer in time"
        raise BlockListError(
            f"The cluster took {sent - missing} of {sent} changes of the block list: "
            f"{why}. The same command again does no harm."
        )
    return sent


def _produce(producer: Producer, key: bytes, value: bytes | None) -> None:
    while True:
        try:
            producer.produce(TOPIC, value, key)
        except BufferError:
            producer.poll(0.1)
        except KafkaException as error:
            raise BlockListError(
                f"Cannot change the block list: {error.args[0].str()}."
            ) from error
        else:
            producer.poll(0)
            return


def now() -> datetime:
    """Return the time of a change."""
    return datetime.now(UTC)


INITIAL = (
    Entry(
        Rule("product", "12346"),
        "the sample that shows the filter at work",
        by="goodsflow",
    ),
)
"""What a new platform blocks."""


def seed(endpoints: Endpoints, principal: str) -> int:
    """Put ``INITIAL`` on a list that nobody has ever written to; leave any other be.

    Returns:
        How many records were written.

    Raises:
        KafkaError: The cluster refused or did not answer.
        BlockListError: It did not take them all.
        RegistryError: The registry does not know the entries' schema, or is down.
    """
    reader = OffsetReader.connect(endpoints, CLUSTER, principal)
    # Once written to, a topic's end stays beyond 0, whatever compaction removes.
    if any(each.end for each in reader.topic_offsets([TOPIC])[TOPIC].values()):
        return 0
    return block(endpoints, principal, INITIAL)
