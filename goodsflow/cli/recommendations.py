"""`goodsflow recommendations`: follow the recommendations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from goodsflow.cli.context import Context
from goodsflow.cli.interrupts import keyboard_interrupts
from goodsflow.cli.json_output import echo_json, json_text
from goodsflow.cli.parameter_types import FiniteRange, user_option
from goodsflow.common.counting import counted
from goodsflow.common.waiting import Deadline

if TYPE_CHECKING:
    from goodsflow.clients.kafka.topic_reader import TopicReader
    from goodsflow.common.errors import GoodsflowError
    from goodsflow.model.endpoints import Endpoints
    from goodsflow.model.records import Record

_TOPIC = "goods-recomendations"
_GROUP_ID = "user-recommendations"
_WIDTH = 40


@click.command()
@click.option(
    "--from-latest",
    is_flag=True,
    help="Start with new messages instead of the first one.",
)
@click.option(
    "--max-messages", type=click.IntRange(min=1), help="Stop after this many messages."
)
@click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True),
    show_default="follow until Ctrl-C",
    help="Stop after this many seconds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@user_option
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
    """Print recommendations as they arrive.

    Prints each recommended card, starting with the first one, until Ctrl-C. The request
    is recorded in the topic `events`.

    \b
    Examples:
      goodsflow recommendations
      goodsflow recommendations --from-latest --json
    """
    from goodsflow.clients.kafka.topic_reader import TopicReader
    from goodsflow.model.endpoints import load_endpoints

    endpoints = load_endpoints(context.home)
    deadline = None if timeout is None else Deadline(timeout)
    printer = _Printer(as_json=as_json)
    # First, because a request counts however it ends. A failure is reported last.
    failure = _send_event(endpoints, user)
    try:
        with (
            keyboard_interrupts(),
            TopicReader(endpoints, "analytics", "user", _GROUP_ID, _TOPIC) as reader,
        ):
            _follow(reader, printer, from_latest, max_messages, deadline)
    except KeyboardInterrupt:
        click.echo(err=True)
    # With --json, standard output has cards only.
    verb = "was" if printer.count == 1 else "were"
    click.echo(f"There {verb} {counted(printer.count, 'message')}", err=as_json)
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
    deadline: Deadline | None,
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
        if deadline is not None and deadline.is_over:
            return


class _Printer:
    """Prints cards and counts them."""

    def __init__(self, *, as_json: bool) -> None:
        self.count = 0
        self._as_json = as_json

    def show(self, record: Record) -> None:
        """Print a record's card; an invalid one is reported and not counted."""
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
        # The card is hundreds of levels deep, which only the JSON module can handle.
        return json_text(card)
