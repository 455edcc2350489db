"""`goodsflow connector`: show and control the connectors of Kafka Connect."""

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
    "The HDFS sink continues after its last file, whatever offsets you set here, and "
    "corrects its offsets with the next file. To write records again, stop it and "
    "delete their files and all later files of the partition."
)


@click.group()
def connector() -> None:
    """Manage the Kafka Connect connectors.

    Show their state, pause and restart them, and show or set their offsets.

    \b
    Examples:
      goodsflow connector list
      goodsflow connector offsets mm2-source
    """


@connector.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_connectors(context: Context, *, as_json: bool) -> None:
    """Show each connector with its class, state, tasks and failures."""
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
@click.option(
    "--json", "as_json", is_flag=True, help="Print JSON in the form that --set reads."
)
@click.option("--reset", is_flag=True, help="Delete the offsets.")
@click.option(
    "--set",
    "given",
    multiple=True,
    metavar="OFFSETS",
    help="Set offsets: a JSON file, '-' for standard input, or TOPIC:PARTITION=OFFSET "
    "for a sink (repeatable). Other partitions keep their offsets. In JSON, null "
    "deletes the offset of a partition.",
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
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
    """Show or set the offsets of a connector.

    To set offsets, the connector is stopped and then put back into its previous state.

    Setting offsets is for repairs. If you move a source back, it reads records again:
    MirrorMaker 2 then mirrors them a second time, so the mirrored topic and its
    consumers have them twice. If you move a source ahead, it never mirrors the records
    that it skips. A sink that you move back writes records again; one that you move
    ahead never writes the records that it skips. After a reset, a connector starts
    from where its configuration says.

    The HDFS sink is an exception: it always continues after its last file, whose name
    has the offset. Its offsets in Kafka Connect are only for information. To write
    records again, stop the sink and delete their files and all later files of the
    partition.

    \b
    Examples:
      goodsflow connector offsets mm2-source
      goodsflow connector offsets mm2-source --json >offsets.json
      goodsflow connector offsets mm2-source --set offsets.json
    """
    if reset and given:
        raise click.UsageError("Use --reset or --set, not both.")
    if "-" in given and not yes:
        raise click.UsageError(
            "'--set -' reads standard input, so it cannot ask for confirmation: "
            "add --yes."
        )
    changes = _read_changes(given) if given else None
    with _client(context) as client:
        _check_exists(client, name)
        before = client.offsets(name)
        if reset or given:
            _check_offset_format(client, name, changes or [])
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
    """Pause a connector.

    If platform.yaml declares the connector as running, Dagster's drift_sensor resumes
    it within about a minute. To pause it for longer, declare `state: paused` (or
    `stopped`) for it in platform.yaml and run `goodsflow apply`.
    """
    with _client(context) as client:
        _check_exists(client, name)
        client.pause(name)
    click.echo(
        f"Pausing connector '{name}'. If platform.yaml declares it as running, "
        "Dagster's drift_sensor resumes it: see `goodsflow connector pause --help`.",
        err=True,
    )


@connector.command()
@click.argument("name")
@click.pass_obj
def resume(context: Context, name: str) -> None:
    """Resume a connector that was paused or stopped."""
    with _client(context) as client:
        _check_exists(client, name)
        client.resume(name)
    click.echo(f"Resuming connector '{name}'.", err=True)


@connector.command()
@click.argument("name")
@click.option(
    "--all", "everything", is_flag=True, help="Restart the running tasks, too."
)
@click.pass_obj
def restart(context: Context, *, name: str, everything: bool) -> None:
    """Restart a connector and those of its tasks that failed."""
    with _client(context) as client:
        _check_exists(client, name)
        if everything:
            client.restart_all(name)
        elif client.status(name).failures:
            client.restart_failed(name)
        else:
            click.echo(
                f"Neither connector '{name}' nor a task of it has failed. --all "
                "restarts them anyway.",
                err=True,
            )
            return
    click.echo(f"Restarting connector '{name}'.", err=True)


def _client(context: Context) -> ConnectClient:
    from goodsflow.clients.connect import ConnectClient
    from goodsflow.model.endpoints import load_endpoints

    # A worker can be slow with offsets; it gives up after 90 s itself.
    return ConnectClient(load_endpoints(context.home).connect_url, 100)


def _describe(client: ConnectClient, name: str) -> dict[str, Any]:
    from goodsflow.clients.connect import ConnectNotFoundError

    try:
        status, kind = client.status(name), client.config(name)["connector.class"]
    except ConnectNotFoundError:
        reason = "it was created or deleted a moment ago"
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
            f"There is no connector '{name}'. "
            f"Existing connectors: {', '.join(names) or 'none'}."
        )


def _check_offset_format(
    client: ConnectClient, name: str, changes: Sequence[OffsetChange]
) -> None:
    from goodsflow.clients.connect import ConnectInvalidOffsetsError

    if client.status(name).kind == "source" and any(
        "kafka_topic" in partition for partition, _ in changes
    ):
        raise ConnectInvalidOffsetsError(
            f"Connector '{name}' is a source, whose offsets have another format than "
            "a sink's. Edit the output of --json, and set that."
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
            f"expected TOPIC:PARTITION=OFFSET, or exactly one file, not '{wrong}'",
            param_hint="--set",
        )
    if given[0] == "-":
        return from_json(click.get_text_stream("stdin").read(), "standard input")
    try:
        text = Path(given[0]).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConnectInvalidOffsetsError(
            f"Cannot read offsets: '{given[0]}' is neither TOPIC:PARTITION=OFFSET nor "
            f"a readable file ({reason})."
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
    click.confirm(f"Set these offsets of connector '{name}'?", abort=True, err=True)


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
        click.echo("The connector has no offsets.", err=True)
