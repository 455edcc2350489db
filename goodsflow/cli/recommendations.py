"""`goodsflow recommendations`: follow what the platform recommends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from goodsflow.cli.context import Context
from goodsflow.cli.interrupts import interrupts
from goodsflow.cli.json_output import echo_json, json_text
from goodsflow.cli.parameter_types import FiniteRange, current_user, require_text

if TYPE_CHECKING:
    from goodsflow.clients.kafka.topic_reader import Record, TopicReader
    from goodsflow.common.errors import GoodsflowError
    from goodsflow.model.endpoints import Endpoints

_TOPIC = "goods-recomendations"
_GROUP_ID = "user-recommendations"
_WIDTH = 40


@click.command()
@click.option(
    "--from-latest",
    is_flag=True,
    help="Only what comes from now on; else all there is.",
)
@click.option(
    "--max-messages", type=click.IntRange(min=1), help="Stop after so many messages."
)
@click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True),
    help="Stop after so many seconds. Default: follow until Ctrl-C.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.option(
    "--user",
    callback=require_text,
    default=current_user,
    show_default="you",
    help="Who asks, in events.",
)
@click.pass_obj
def recommendations(
    context: Context,
    *,
    from_latest: bool,
    max_messages: int | None,
    timeout: float | None,
    as_json: bool,
    user: str,
) -> None:
    """Follow the recommendations and print each card, from the first one on.

    The request is written to the topic 'events'.
    """
    from goodsflow.clients.kafka.topic_reader import TopicReader
    from goodsflow.model.endpoints import load_endpoints

    endpoints = load_endpoints(context.home)
    deadline = None if timeout is None else time.monotonic() + timeout
    printer = _Printer(as_json=as_json)
    # First, for a request counts however it ends; its failure is told at the end.
    failure = _send_event(endpoints, user)
    try:
        with (
            interrupts(),
            TopicReader(endpoints, "analytics", "user", _GROUP_ID, _TOPIC) as reader,
        ):
            _follow(reader, printer, from_latest, max_messages, deadline)
    except KeyboardInterrupt:
        click.echo(err=True)
    # For a machine, the standard output holds cards and nothing else.
    click.echo(f"There were {printer.count} messages", err=as_json)
    if failure:
        raise failure


def _send_event(endpoints: Endpoints, user: str) -> GoodsflowError | None:
    from goodsflow.common.errors import GoodsflowError
    from goodsflow.pipeline.search.events import UserEvent, send_event

    try:
        send_event(endpoints, UserEvent("recommendations", user, None))
    except GoodsflowError as error:
        return error
    return None


def _follow(
    reader: TopicReader,
    printer: _Printer,
    from_latest: bool,
    max_messages: int | None,
    deadline: float | None,
) -> None:
    offsets = {
        partition: marks.end if from_latest else marks.first
        for partition, marks in reader.watermarks().items()
    }
    for record in reader.follow(offsets):
        if record is not None:
            printer.show(record)
        if max_messages is not None and printer.count >= max_messages:
            return
        if deadline is not None and time.monotonic() >= deadline:
            return


class _Printer:
    """Prints cards and counts them."""

    def __init__(self, *, as_json: bool) -> None:
        self.count = 0
        self._as_json = as_json

    def show(self, record: Record) -> None:
        """Print a record's card; one that is none is told of and not counted."""
        from goodsflow.model.cards import CardError, decode_card

        place = f"[{record.partition}:{record.offset}]"
        if record.value is None:
            return
        try:
            card = decode_card(record.value)
        except CardError as error:
            click.echo(f"Skipped {place}: {error}", err=True)
            return
        self.count += 1
        if self._as_json:
            where = {"partition": record.partition, "offset": record.offset}
            echo_json({**where, "card": card}, indent=None)
        else:
            click.echo(banner(place))
            click.echo(_pretty(card))


def banner(place: str) -> str:
    """Return the three lines above a card."""
    title = f"===== New recommendation {place} ".ljust(_WIDTH, "=")
    rule = "=" * _WIDTH
    return f"{rule}\n{title}\n{rule}"


def _pretty(card: dict[str, Any]) -> str:
    from pprint import pformat

    try:
        return pformat(card)
    except RecursionError:
        # A few hundred levels deep; what writes JSON goes as deep as what reads it.
        return json_text(card)
