"""`goodsflow client-config`: a configuration with which any client can connect."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from goodsflow.cli.context import Context
from goodsflow.model.endpoints import ClusterName, EndpointsError, load_endpoints


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
@click.option(
    "--external",
    "is_external",
    is_flag=True,
    help="For a client on the host, where the brokers run in containers.",
)
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path),
    help="Where the client has the CA's certificate. [default: where it is here]",
)
@click.pass_obj
def client_config(
    context: Context,
    cluster: ClusterName,
    principal: str,
    *,
    kind: str,
    is_external: bool,
    ca_file: Path | None,
) -> None:
    """Print a client configuration for PRINCIPAL on CLUSTER.

    It holds the password: keep it out of files that others can read.

        kcat -F <(goodsflow client-config analytics admin) -L

    In containers `docker compose run --rm admin client-config` prints it, and knows
    the admin's password alone.
    """
    from goodsflow.clients.kafka.config import client_config as librdkafka_config
    from goodsflow.clients.kafka.config import java_client_properties

    endpoints = load_endpoints(context.home)
    if is_external and endpoints.external_bootstrap_servers:
        outside = {"bootstrap_servers": endpoints.external_bootstrap_servers}
        endpoints = endpoints.replace(**outside)
    if ca_file:
        endpoints = endpoints.replace(ca_file=ca_file)
    known = endpoints.principals(cluster)
    if principal not in known:
        raise EndpointsError(
            f"There is no password of a principal '{principal}' on cluster "
            f"'{cluster}' here. There are: {', '.join(known) or 'none'}."
        )
    make = librdkafka_config if kind == "librdkafka" else java_client_properties
    for name, value in make(endpoints, cluster, principal).items():
        click.echo(f"{name}={value}")
