"""`goodsflow client-config`: print a configuration for any Kafka client."""

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
    help="kcat reads the librdkafka format.",
)
@click.option(
    "--external",
    "is_external",
    is_flag=True,
    help="For clients on the host, if the brokers run in containers.",
)
@click.option(
    "--ca-file",
    type=click.Path(path_type=Path),
    show_default="its path here",
    help="Path of the CA certificate on the client.",
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
    """Print a Kafka client configuration.

    The configuration connects as PRINCIPAL to CLUSTER. It contains the password: keep
    it out of files that others can read.

    \b
    Example:
      kcat -F <(goodsflow client-config analytics admin) -L

    If the platform runs in containers, use `docker compose run --rm admin
    client-config`, which has the password of the principal admin only.
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
            f"There is no password for principal '{principal}' on cluster "
            f"'{cluster}' here. Known principals: {', '.join(known) or 'none'}."
        )
    make = librdkafka_config if kind == "librdkafka" else java_client_properties
    for name, value in make(endpoints, cluster, principal).items():
        click.echo(f"{name}={value}")
