"""`goodsflow credentials`: list and rotate the principals' passwords."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, get_args

import click

from goodsflow.cli.context import Context
from goodsflow.cli.json_output import echo_json
from goodsflow.common.clock import elapsed
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName, load_endpoints

if TYPE_CHECKING:
    from goodsflow.deploy.native.rotation import Outcome


@click.group()
def credentials() -> None:
    """List and rotate the principals' passwords.

    \b
    Examples:
      goodsflow credentials list
      goodsflow credentials rotate shop-api
    """


@credentials.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_(context: Context, *, as_json: bool) -> None:
    """Show each principal's password age, and whether it can log in.

    Passwords themselves are never shown.
    """
    found = _credentials(context)
    if as_json:
        echo_json({"credentials": found})
        return
    from goodsflow.cli.tables import print_table

    print_table(
        ("CLUSTER", "PRINCIPAL", "AGE", "ITERATIONS", "LOGS IN"),
        [
            (
                each["cluster"],
                each["principal"],
                _age(each["age_seconds"]),
                str(each["iterations"] or "none"),
                "yes" if each["logs_in"] else "no",
            )
            for each in found
        ],
        right={"AGE"},
    )


@credentials.command()
@click.argument("principal")
@click.option(
    "--cluster",
    type=click.Choice(get_args(ClusterName)),
    show_default="each that declares PRINCIPAL",
    help="Rotate on this cluster only.",
)
@click.pass_obj
def rotate(context: Context, principal: str, *, cluster: ClusterName | None) -> None:
    """Give PRINCIPAL a new password while the platform runs.

    Services use it from their next login on. The schema registry, Kafka Connect and,
    for the principal `broker`, the brokers are restarted one at a time. If an earlier
    rotation was interrupted, this finishes it.

    \b
    Example:
      goodsflow credentials rotate shop-api
    """
    from rich.console import Console

    from goodsflow.deploy.native.platform import open_platform
    from goodsflow.deploy.native.progress import Progress
    from goodsflow.deploy.native.rotation import clusters_of
    from goodsflow.deploy.native.rotation import rotate as rotate_there
    from goodsflow.model.spec import load_platform

    if load_endpoints(context.home).supervisor_socket is None:
        raise click.UsageError(
            "This platform runs in containers, which this command cannot restart. "
            "Passwords can only be rotated on a native platform."
        )
    clusters = clusters_of(
        load_platform(PROJECT_ROOT / "platform.yaml"), principal, cluster
    )
    platform = open_platform(context.home)
    with Progress(Console(stderr=True)) as progress:
        outcomes = rotate_there(platform, principal, clusters, progress)
    for outcome in outcomes:
        _echo(principal, outcome)


def _echo(principal: str, outcome: Outcome) -> None:
    done = "finished an interrupted rotation" if outcome.resumed else "new password"
    click.echo(f"'{principal}' on {outcome.cluster}: {done}")
    if outcome.restarted:
        click.echo(f"  restarted:                 {', '.join(outcome.restarted)}")
    if outcome.follows:
        click.echo(f"  will use it at next login: {', '.join(outcome.follows)}")
    if not outcome.restarted and not outcome.follows:
        click.echo("  no running part logs in with it")


def _credentials(context: Context) -> list[dict[str, Any]]:
    from goodsflow.clients.kafka.admin import KafkaAdmin
    from goodsflow.clients.kafka.credentials import PasswordFiles
    from goodsflow.clients.kafka.rotation import Rotation
    from goodsflow.deploy.native.rotation import has_password
    from goodsflow.model.spec import load_platform

    endpoints = load_endpoints(context.home)
    now = time.time()
    found: list[dict[str, Any]] = []
    for cluster, declared in load_platform(
        PROJECT_ROOT / "platform.yaml"
    ).clusters.items():
        iterations = KafkaAdmin.connect(endpoints, cluster, "admin").scram_iterations()
        files = PasswordFiles(endpoints, cluster)
        names = [n for n, each in declared.principals.items() if has_password(each)]
        works = files.working(name for name in names if files.has(name))
        for name in names:
            rotation = Rotation(files, name)
            changed_at = rotation.changed_at()
            found.append(
                {
                    "cluster": cluster,
                    "principal": name,
                    # A file that lies ahead of the clock counts as new.
                    "age_seconds": (
                        None if changed_at is None else elapsed(changed_at, now) or 0.0
                    ),
                    "iterations": iterations.get(name),
                    "logs_in": works.get(name, False),
                    "rotation_pending": rotation.is_pending,
                }
            )
    return found


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "no file"
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
