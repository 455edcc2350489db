"""`goodsflow client-config`: a configuration with which any client can connect."""

from __future__ import annotations

from typing import get_args

import click

from goodsflow.cli.context import Context
from goodsflow.endpoints import ClusterName, load_endpoints


@click.command("client-config")
@click.argument("cluster", type=click.Choice(get_args(ClusterName)))
@click.argument("principal")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["librdkafka", "java"]),
    default="librdkafka",
    show_default=True,
    help="librdkafka also serves kcat.",
)
@click.pass_obj
def client_config(
    context: Context, cluster: ClusterName, principal: str, kind: str
) -> None:
    """Print a client configuration for PRINCIPAL on CLUSTER.

    It holds the password: keep it out of files that others can read.

        kcat -F <(goodsflow client-config analytics admin) -L
    """
    from goodsflow.kafka.config import client_config as librdkafka_config
    from goodsflow.kafka.config import java_client_properties

    endpoints = load_endpoints(context.home)
    make = librdkafka_config if kind == "librdkafka" else java_client_properties
    for name, value in make(endpoints, cluster, principal).items():
        click.echo(f"{name}={value}")
