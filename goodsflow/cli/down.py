"""`goodsflow down`: stop the native platform."""

from __future__ import annotations

import click

from goodsflow.cli.context import Context


@click.command()
@click.pass_obj
def down(context: Context) -> None:
    """Stop every part and keep the data."""
    from goodsflow.deploy.native.launcher import down as bring_down

    orphans = bring_down(context.home)
    if orphans:
        click.echo(
            f"Also stopped, although no supervisor managed them: {', '.join(orphans)}",
            err=True,
        )
    click.echo("The platform is stopped; its data is kept.", err=True)
