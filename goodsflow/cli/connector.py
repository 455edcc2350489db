"""`goodsflow connector`: the connectors of Kafka Connect, and where they stand."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goodsflow.cli.context import Context
from goodsflow.cli.json_output import echo_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from goodsflow.clients.connect import ConnectClient, Offset, OffsetChange

_HDFS_SINK = "org.goodsflow.connect.hdfs.HdfsSinkConnector"
_HDFS_NOTE = (
    "The HDFS sink goes on after the last of its files, whatever is set here; with "
    "the next file its offsets show that again. To have records written again, remove "
    "their files, and all later ones of the partition, while it is stopped."
)


@click.group()
def connector() -> None:
    """Show the connectors, halt and restart them, set where they go on."""


@connector.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_connectors(context: Context, *, as_json: bool) -> None:
    """Show each connector: class, state, tasks, and why it has failed."""
    with _client(context) as client:
        found = [_describe(client, name) for name in client.connectors()]
    if as_json:
        echo_json({"connectors": found})
        return
    from goodsflow.cli.tables import print_table

    print_table(
        ("CONNECTOR", "CLASS", "STATE", "TASKS", "REASON"),
        [
            (
                each["name"],
                each["class"].rpartition(".")[2],
                each["state"],
                ", ".join(f"{count} {state}" for state, count in each["tasks"].items()),
                "; ".join(reason.partition("\n")[0] for reason in each["reasons"]),
            )
            for each in found
        ],
    )


@connector.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as --set takes it.")
@click.option("--reset", is_flag=True, help="Forget where it stands.")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="WHAT",
    help="Set where it goes on: a file of JSON, '-' for the standard input, or, for a "
    "sink, TOPIC:PARTITION=OFFSET, as often as needed. Partitions that are not named "
    "stay as they are; in JSON, null forgets one.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def offsets(
    context: Context,
    *,
    name: str,
    as_json: bool,
    reset: bool,
    given: tuple[str, ...],
    yes: bool,
) -> None:
    """Show where a connector stands, or set where it goes on.

    To set it, the connector is stopped, and put back into the state that it had.

    This is for repairs. A source that is set back reads records again: MirrorMaker 2
    mirrors them a second time, so that the mirrored topic and who reads it have them
    twice; set ahead, what it skips is never mirrored. A sink that is set back writes
    records again; set ahead, it never writes what it skips. After a reset both begin
    anew, as their configurations say.

    The HDFS sink is the exception: it goes on after the last of its files, which their
    names tell. Its offsets only show how far that is: set or reset, they change nothing
    in what it writes, and are right again with the next file. To have records written
    again, remove their files, and all later ones of the partition, while it is stopped.
    """
    if reset and given:
        raise click.UsageError("Say --reset or --set, not both.")
    if "-" in given and not yes:
        raise click.UsageError("With '--set -' there is nobody to ask: say --yes.")
    changes = _read_changes(given) if given else None
    with _client(context) as client:
        _check_exists(client, name)
        before = client.offsets(name)
        if reset or given:
            _check_form(client, name, changes or [])
            if not yes:
                _ask(client, name, before, changes)
            after = _change(client, name, changes)
            if not as_json:
                _print_change(before, after)
                return
            before = after
    _print_offsets(before, as_json=as_json)


@connector.command()
@click.argument("name")
@click.pass_obj
def pause(context: Context, name: str) -> None:
    """Halt a connector; its tasks stay where they are.

    Where platform.yaml declares it to run, Dagster's drift_sensor lets it go on within
    about a minute. To halt it for longer, declare `state: paused` (or `stopped`) with
    the connector in platform.yaml and say `goodsflow apply`.
    """
    with _client(context) as client:
        _check_exists(client, name)
        client.pause(name)
    click.echo(
        f"Connector '{name}' pauses, until drift_sensor in Dagster makes it what "
        "platform.yaml declares: `goodsflow connector pause --help`.",
        err=True,
    )


@connector.command()
@click.argument("name")
@click.pass_obj
def resume(context: Context, name: str) -> None:
    """Let a connector go on that was paused or stopped."""
    with _client(context) as client:
        _check_exists(client, name)
        client.resume(name)
    click.echo(f"Connector '{name}' goes on.", err=True)


@connector.command()
@click.argument("name")
@click.option("--all", "everything", is_flag=True, help="Also what runs.")
@click.pass_obj
def restart(context: Context, *, name: str, everything: bool) -> None:
    """Restart what has failed of a connector and its tasks."""
    with _client(context) as client:
        _check_exists(client, name)
        if everything:
            client.restart_all(name)
        elif client.status(name).failures:
            client.restart_failed(name)
        else:
            click.echo(f"Nothing of connector '{name}' has failed.", err=True)
            return
    click.echo(f"Connector '{name}' restarts.", err=True)


def _client(context: Context) -> ConnectClient:
    from goodsflow.clients.connect import ConnectClient
    from goodsflow.model.endpoints import load_endpoints

    # A worker may take its time over offsets: it gives up itself after 90 s.
    return ConnectClient(load_endpoints(context.home).connect_url, 100)


def _describe(client: ConnectClient, name: str) -> dict[str, Any]:
    from goodsflow.clients.connect import ConnectNotFoundError

    try:
        status, kind = client.status(name), client.config(name)["connector.class"]
    except ConnectNotFoundError:
        reason = "it is new, or was deleted a moment ago"
        return {
            "name": name,
            "class": "",
            "state": "",
            "tasks": {},
            "reasons": [reason],
        }
    return {
        "name": name,
        "class": kind,
        "state": status.state,
        "tasks": Counter(task.state for task in status.tasks),
        "reasons": list(status.failures),
    }


def _check_exists(client: ConnectClient, name: str) -> None:
    from goodsflow.clients.connect import ConnectNotFoundError

    names = client.connectors()
    if name not in names:
        raise ConnectNotFoundError(
            f"There is no connector '{name}'. There are: {', '.join(names) or 'none'}."
        )


def _check_form(
    client: ConnectClient, name: str, changes: Sequence[OffsetChange]
) -> None:
    from goodsflow.clients.connect import ConnectInvalidOffsetsError

    if client.status(name).kind == "source" and any(
        "kafka_topic" in partition for partition, _ in changes
    ):
        raise ConnectInvalidOffsetsError(
            f"Connector '{name}' is a source, and its offsets have another form than a "
            "sink's. Edit what --json prints, and set that."
        )


def _read_changes(given: tuple[str, ...]) -> list[OffsetChange]:
    from goodsflow.clients.connect import ConnectInvalidOffsetsError
    from goodsflow.clients.connect.offsets import from_json, sink_offset

    changes = [sink_offset(each) for each in given]
    named = [change for change in changes if change is not None]
    if len(named) == len(given):
        return named
    if len(given) > 1:
        wrong = given[changes.index(None)]
        raise click.BadParameter(
            f"'{wrong}' is no TOPIC:PARTITION=OFFSET, and a file is given alone.",
            param_hint="--set",
        )
    if given[0] == "-":
        return from_json(click.get_text_stream("stdin").read(), "the standard input")
    try:
        text = Path(given[0]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConnectInvalidOffsetsError(
            f"Cannot read offsets: '{given[0]}' is no TOPIC:PARTITION=OFFSET, and no "
            f"file that can be read ({error})."
        ) from error
    return from_json(text, given[0])


def _ask(
    client: ConnectClient,
    name: str,
    before: Sequence[Offset],
    changes: Sequence[OffsetChange] | None,
) -> None:
    from goodsflow.clients.connect.offsets import changed, compare

    for partition, old, new in compare(before, changed(before, changes)):
        click.echo(f"{partition}: {old} -> {new}", err=True)
    if client.config(name).get("connector.class") == _HDFS_SINK:
        click.echo(_HDFS_NOTE, err=True)
    click.confirm(f"Set connector '{name}' so?", abort=True, err=True)


def _change(
    client: ConnectClient, name: str, changes: Sequence[OffsetChange] | None
) -> list[Offset]:
    from goodsflow.clients.connect.offsets import change_offsets

    return change_offsets(
        client, name, changes, tell=lambda text: click.echo(text, err=True)
    )


def _print_change(before: Sequence[Offset], after: Sequence[Offset]) -> None:
    from goodsflow.clients.connect.offsets import compare

    for partition, old, new in compare(before, after):
        click.echo(f"{partition}: {old} -> {new}")


def _print_offsets(found: Sequence[Offset], *, as_json: bool) -> None:
    from goodsflow.clients.connect.offsets import offset_text, partition_text, to_json

    if as_json:
        click.echo(to_json(found))
        return
    lines = [f"{partition_text(key)} -> {offset_text(at)}" for key, at in found]
    for line in sorted(lines):
        click.echo(line)
    if not lines:
        click.echo("It has no offsets.", err=True)
