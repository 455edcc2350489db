"""`goodsflow dead-letters`: inspect, replay and delete rejected records."""

from __future__ import annotations

import base64
from codecs import getincrementaldecoder
from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from goodsflow.cli.context import Context
from goodsflow.cli.formatting import printable
from goodsflow.cli.json_output import echo_json
from goodsflow.cli.parameter_types import FiniteRange
from goodsflow.common.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from goodsflow.model.dead_letters import DeadLetter
    from goodsflow.model.endpoints import Endpoints
    from goodsflow.pipeline.filter.filtering import Decide

_PRINCIPAL = "admin"
_LETTER = "dead letter"
_SHOWN_BYTES = 2000
_UNKNOWN = "unknown"
"""The kind of a dead letter without one."""

KINDS = (
    *("key", "header", "schema-id", "json", "schema", "size", "record-header"),
    _UNKNOWN,
)
"""The filter's kinds, repeated here because the filter takes long to import."""


def _timeout(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option of the commands that read all dead letters."""
    return click.option(
        "--timeout",
        type=FiniteRange(min=0, min_open=True),
        default=60.0,
        show_default=True,
        help="How many seconds reading the dead letters may take.",
    )(command)


@click.group("dead-letters")
def dead_letters() -> None:
    """Inspect, replay and delete rejected records.

    Dead letters are records that the filter could not decode, or that do not match
    their schema. Each is kept for a week, together with its origin and the error.

    \b
    Examples:
      goodsflow dead-letters list
      goodsflow dead-letters show 0:17
      goodsflow dead-letters replay --all --dry-run
    """


@dead_letters.command("list")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="Show at most this many of the newest.",
)
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    help="Show only dead letters of this kind.",
)
@_timeout
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_(
    context: Context, *, limit: int, kind: str | None, timeout: float, as_json: bool
) -> None:
    """Show the newest dead letters, and how many there are of each kind."""
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.dead_letters.reader import open_reader, read_letters

    kinds: Counter[str] = Counter()
    newest: list[DeadLetter] = []
    with open_reader(load_endpoints(context.home), _PRINCIPAL) as reader:
        for letter in read_letters(reader, timeout_seconds=timeout):
            found = letter.kind or _UNKNOWN
            kinds[found] += 1
            if kind in {None, found}:
                newest.append(letter)
            if len(newest) > 2 * limit:
                newest = _newest(newest, limit)
    newest = _newest(newest, limit)
    if as_json:
        rows = [_summary(letter) for letter in newest]
        echo_json({"count": kinds.total(), "kinds": dict(kinds), "letters": rows})
        return
    _print_list(newest, kinds)


@dead_letters.command()
@click.argument("place", metavar="PARTITION:OFFSET")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--raw", is_flag=True, help="Print only the value, unchanged.")
@click.pass_obj
def show(context: Context, place: str, *, as_json: bool, raw: bool) -> None:
    """Show a dead letter with its headers, key, value and error."""
    if raw and as_json:
        raise click.UsageError("Use --raw or --json, not both.")
    from goodsflow.model.dead_letters import Place
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.dead_letters.reader import open_reader, read_at

    with open_reader(load_endpoints(context.home), _PRINCIPAL) as reader:
        letter = read_at(reader, [Place.parse(place)])[0]
    if raw:
        click.get_binary_stream("stdout").write(letter.value or b"")
    elif as_json:
        echo_json(_whole(letter))
    else:
        _print_letter(letter)


@dead_letters.command()
@click.argument("places", metavar="[PARTITION:OFFSET]…", nargs=-1)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Replay all that an earlier --all has not processed.",
)
@click.option(
    "--dry-run", is_flag=True, help="Send nothing; only show which would pass now."
)
@click.option(
    "--force",
    is_flag=True,
    help="Also send those that would become dead letters again.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="With --all: process at most this many; the next run continues after them.",
)
@_timeout
@click.pass_obj
def replay(
    context: Context,
    places: tuple[str, ...],
    *,
    everything: bool,
    dry_run: bool,
    force: bool,
    limit: int,
    timeout: float,
) -> None:
    """Send dead letters to their original topic again.

    Each dead letter is first checked as the filter checks it. One that would fail
    again is skipped, unless you use --force. All records are sent in one transaction.
    A letter that --all skipped counts as processed. To send it later, give its
    PARTITION:OFFSET.

    \b
    Examples:
      goodsflow dead-letters replay 0:17 1:4
      goodsflow dead-letters replay --all --dry-run
    """
    if everything and places:
        raise click.UsageError(
            "Give dead letters as PARTITION:OFFSET, or --all, not both."
        )
    if not everything and not places:
        raise click.UsageError("Give dead letters as PARTITION:OFFSET, or --all.")
    from goodsflow.model.dead_letters import Place
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.dead_letters.reader import (
        open_reader,
        read_at,
        read_letters,
    )
    from goodsflow.pipeline.dead_letters.replayer import Replayer

    endpoints = load_endpoints(context.home)
    ends: dict[int, int] | None = None
    is_more = False
    replayer = Replayer(endpoints, _PRINCIPAL)
    with open_reader(endpoints, _PRINCIPAL) as reader:
        if everything:
            starts = replayer.positions(reader.watermarks())
            found = read_letters(reader, starts, timeout_seconds=timeout)
            letters = list(islice(found, limit))
            is_more = next(found, None) is not None
            ends = {letter.place.partition: 0 for letter in letters}
            for letter in letters:
                ends[letter.place.partition] = letter.place.offset + 1
        else:
            # Named twice, a letter is still sent once.
            named = list(dict.fromkeys(map(Place.parse, places)))
            letters = read_at(reader, named, timeout_seconds=timeout)
    chosen = _choose(endpoints, letters, force=force)
    if dry_run:
        click.echo(f"Would replay {len(chosen):,} of {counted(len(letters), _LETTER)}")
    else:
        sent = replayer.replay(chosen, ends)
        click.echo(f"Replayed {sent:,} of {counted(len(letters), _LETTER)}")
    if is_more:
        hint = "increase --limit to check them" if dry_run else "run this again"
        click.echo(f"There are more dead letters: {hint}.", err=True)


@dead_letters.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option(
    "--before",
    metavar="PARTITION:OFFSET",
    multiple=True,
    help="Delete only those before this one. Repeatable, once for each partition.",
)
@_timeout
@click.pass_obj
def purge(
    context: Context, *, yes: bool, before: tuple[str, ...], timeout: float
) -> None:
    """Delete dead letters for good."""
    from goodsflow.model.dead_letters import DeadLetterError, Place
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.dead_letters.reader import open_reader, read_letters
    from goodsflow.pipeline.dead_letters.replayer import purge as purge_there

    endpoints = load_endpoints(context.home)
    with open_reader(endpoints, _PRINCIPAL) as reader:
        marks = reader.watermarks()
        if before:
            ends = {}
            for place in map(Place.parse, before):
                there = marks.get(place.partition)
                if there is None or not there.first <= place.offset <= there.end:
                    raise DeadLetterError(
                        f"Nothing was deleted: there is no dead letter {place}."
                    )
                ends[place.partition] = place.offset
        else:
            ends = {number: each.end for number, each in marks.items()}
        ends = {n: end for n, end in ends.items() if end > marks[n].first}
        # Offsets cannot be counted instead: the end of each transaction has one, too.
        count = sum(
            letter.place.offset < ends.get(letter.place.partition, 0)
            for letter in read_letters(reader, timeout_seconds=timeout)
        )
    if not count:
        click.echo("There is nothing to delete.", err=True)
        return
    places = ", ".join(f"{number}:{end}" for number, end in sorted(ends.items()))
    letters = counted(count, _LETTER)
    if not yes:
        click.confirm(f"Delete {letters}, before {places}?", abort=True, err=True)
    purge_there(endpoints, _PRINCIPAL, ends)
    click.echo(f"Deleted {letters}, before {places}")


def _newest(letters: Sequence[DeadLetter], limit: int) -> list[DeadLetter]:
    return sorted(letters, key=_when)[-limit:]


def _when(letter: DeadLetter) -> tuple[float, int, int]:
    at = letter.failed_at.timestamp() if letter.failed_at else 0.0
    return at, letter.place.partition, letter.place.offset


def _choose(
    endpoints: Endpoints, letters: Iterable[DeadLetter], *, force: bool
) -> list[DeadLetter]:
    """Return the letters to send, and print why the others are skipped."""
    from goodsflow.pipeline.dead_letters.replayer import replay_obstacle

    decide = _decider(endpoints)
    chosen = []
    for letter in letters:
        reason = replay_obstacle(letter)
        if reason is None and not force:
            verdict = decide(letter.key, letter.value)
            reason = verdict.summary if verdict.outcome == "undecodable" else None
        if reason is None:
            chosen.append(letter)
        else:
            click.echo(f"Skipped {letter.place}: {printable(reason)}", err=True)
    return chosen


def _decider(endpoints: Endpoints) -> Decide:
    from goodsflow.clients.registry import RegistryClient
    from goodsflow.clients.registry.schema_checks import SchemaChecks
    from goodsflow.model.blocklist import BlockRules
    from goodsflow.pipeline.filter.filtering import CardFilter
    from goodsflow.pipeline.filter.topics import CARDS_SUBJECT

    rules = BlockRules()
    schemas = SchemaChecks(RegistryClient(endpoints.schema_registry_url), CARDS_SUBJECT)
    return CardFilter(lambda: rules, schemas).decide


def _print_list(letters: Sequence[DeadLetter], kinds: Counter[str]) -> None:
    from goodsflow.cli.tables import print_table

    if not kinds:
        click.echo("There are no dead letters.", err=True)
        return
    print_table(
        ("PLACE", "FAILED AT", "FROM", "KEY", "KIND", "ERROR"),
        [
            (
                str(letter.place),
                _time(letter),
                _origin(letter),
                _text(letter.key, 24),
                letter.kind,
                letter.error,
            )
            for letter in letters
        ],
    )
    counts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    click.echo(f"{counted(kinds.total(), _LETTER)}: {counts}")


def _print_letter(letter: DeadLetter) -> None:
    lines = [
        ("letter", str(letter.place)),
        ("from", _origin(letter)),
        ("failed at", _time(letter)),
        ("error", letter.error),
        ("kind", letter.kind),
        ("schema ID", "" if letter.schema_id is None else str(letter.schema_id)),
        ("key", _text(letter.key, _SHOWN_BYTES)),
        *((f"header {name}", _text(value, 200)) for name, value in letter.headers),
        ("value", _text(letter.value, _SHOWN_BYTES)),
    ]
    for name, text in lines:
        click.echo(f"{printable(name) + ':':12} {printable(text)}")


def _origin(letter: DeadLetter) -> str:
    topic, partition, offset = letter.origin
    return f"{topic}-{partition}@{offset}" if topic else "unknown"


def _time(letter: DeadLetter) -> str:
    at = letter.failed_at
    return "" if at is None else at.isoformat(sep=" ", timespec="seconds")


def _text(data: str | bytes | None, most: int) -> str:
    """Show bytes as text if they are UTF-8, otherwise as a Python literal.

    Control characters in a text are escaped as Python does.
    """
    if data is None:
        return "none"
    data = _as_bytes(data)
    shown = data[:most]
    more = f" … ({len(data):,} bytes)" if len(data) > most else ""
    try:
        # A text that is cut within a character ends before it.
        text = getincrementaldecoder("utf-8")().decode(shown, final=not more)
    except UnicodeDecodeError:
        return repr(shown)[2:-1] + more
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) + more


def _as_bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def _summary(letter: DeadLetter) -> dict[str, Any]:
    topic, partition, offset = letter.origin
    return {
        "place": str(letter.place),
        "origin": {"topic": topic, "partition": partition, "offset": offset},
        "key": None if letter.key is None else letter.key.decode(errors="replace"),
        "kind": letter.kind,
        "error": letter.error,
        "schema_id": letter.schema_id,
        "failed_at": letter.failed_at.isoformat() if letter.failed_at else None,
    }


def _whole(letter: DeadLetter) -> dict[str, Any]:
    return _summary(letter) | {
        "timestamp": letter.timestamp,
        "headers": [
            [
                name,
                None if value is None else base64.b64encode(_as_bytes(value)).decode(),
            ]
            for name, value in letter.headers
        ],
        "value_base64": (
            None if letter.value is None else base64.b64encode(letter.value).decode()
        ),
        "truncated_from": letter.truncated_from,
    }
