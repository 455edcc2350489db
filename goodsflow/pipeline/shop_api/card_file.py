"""A file of a shop's cards, one JSON card per line, checked before any is sent."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator
from pathlib import Path

import orjson

from goodsflow.clients.registry.serializer import ValueValidator
from goodsflow.common.counting import counted
from goodsflow.common.errors import GoodsflowError
from goodsflow.model.cards import CardError, decode_card, frame
from goodsflow.pipeline.shop_api.records import Outgoing

_SHOWN = 20


class CardFileError(GoodsflowError):
    """A file of cards can't be read, or some of its lines aren't valid cards."""


def check_cards(path: Path, validator: ValueValidator) -> int:
    """Check each line against the schema; return the number of cards.

    Raises:
        CardFileError: Names each invalid line by its number, and says what is wrong.
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
            f"Nothing was sent: {wrong} of {counted(wrong + cards, 'line')} in {path} "
            f"{'is not a valid card' if wrong == 1 else 'are not valid cards'}:\n"
            + "\n".join(problems)
            + more
        )
    if not cards:
        raise CardFileError(f"Nothing was sent: {path} contains no cards.")
    return cards


def read_cards(path: Path, schema_id: int) -> Iterator[Outgoing]:
    """Yield the cards of a file that was checked, byte for byte.

    Raises:
        CardFileError: The file can't be read, or it changed since the check.
    """
    for number, line in _lines(path):
        value = frame(schema_id, line)
        try:
            key = decode_card(value)["product_id"].encode()
        except CardError as error:
            raise CardFileError(
                f"{path} changed while it was being sent. The lines before line "
                f"{number} were sent, but line {number} is not a valid card any more: "
                f"{error}"
            ) from error
        yield key, value, True


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the non-blank lines, numbered from 1.

    A byte order mark, as spreadsheets write it, is removed.
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
        # Later jobs decode cards the same way.
        card = decode_card(frame(0, line))
    except CardError as error:
        problems = [str(error).rstrip(".")]
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return problems
        # The schema says more about missing fields, and nothing about NaN.
        found = validator.problems(value) if isinstance(value, dict) else []
        return found or problems
    try:
        # The filter's parser rejects lone surrogates and 1e999.
        orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return [f"The filter can't parse it: {error}"]
    return validator.problems(card)
