"""A shop's real cards: a file with one JSON card a line, checked before any is sent."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

import orjson

from goodsflow.clients.registry.serializer import ValueValidator
from goodsflow.common.errors import GoodsflowError
from goodsflow.model.cards import CardError, decode_card, frame
from goodsflow.pipeline.shop_api.records import Outgoing

_SHOWN = 20


class CardFileError(GoodsflowError):
    """A file of cards cannot be read, or holds lines that are no cards."""


def check_cards(path: Path, validator: ValueValidator) -> int:
    """Check each line against the schema; return how many cards there are.

    Raises:
        CardFileError: With the number of each line that is no card, and why.
    """
    problems: list[str] = []
    cards = wrong = 0
    for number, line in _lines(path):
        found = _problems(line, validator)
        if not found:
            cards += 1
            continue
        wrong += 1
        if wrong <= _SHOWN:
            problems.append(f"  line {number}: {'; '.join(found)}")
    if wrong:
        more = f"\n  and {wrong - _SHOWN} more" if wrong > _SHOWN else ""
        raise CardFileError(
            f"{wrong} of the {wrong + cards} lines of {path} are no cards; nothing was "
            "sent:\n" + "\n".join(problems) + more
        )
    if not cards:
        raise CardFileError(f"{path} holds no card: nothing was sent.")
    return cards


def read_cards(path: Path, schema_id: int) -> Iterator[Outgoing]:
    """Yield the cards of a file that was checked, in the bytes that are in it.

    Raises:
        CardFileError: It cannot be read, or was changed since.
    """
    for number, line in _lines(path):
        value = frame(schema_id, line)
        try:
            key = decode_card(value)["product_id"].encode()
        except CardError as error:
            raise CardFileError(
                f"{path} was changed while it was sent. Line {number} is no card any "
                f"more, those before it were sent: {error}"
            ) from error
        yield key, value, True


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1.

    A byte order mark before the first, as spreadsheets write it, is none of its bytes.
    """
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(BOM_UTF8)  # noqa: PLW2901
                stripped = line.strip()
                if stripped:
                    yield number, stripped
    except OSError as error:
        raise CardFileError(f"Cannot read {path}: {error.strerror}.") from error


def _problems(line: bytes, validator: ValueValidator) -> list[str]:
    try:
        # The wire format's own reading is the one that counts for those behind.
        card = decode_card(frame(0, line))
    except CardError as error:
        problems = [str(error).rstrip(".")]
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return problems
        # Of what it lacks the schema says more. Of NaN it says nothing.
        found = validator.problems(value) if isinstance(value, dict) else []
        return found or problems
    try:
        # As the filter reads it, which takes no half characters and no 1e999.
        orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return [f"The filter cannot read it: {error}"]
    return validator.problems(card)
