"""`goodsflow clean`: remove the native platform with its data."""

from __future__ import annotations

import click

from goodsflow.cli.context import Context


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def clean(context: Context, yes: bool) -> None:
    """Stop every part and remove its data, secrets and certificates."""
    from goodsflow.deploy.native.launcher import clean as remove

    if not yes:
        click.confirm(
            f"Remove {context.home} with all topics, files and secrets?", abort=True
        )
    removed = remove(context.home)
    click.echo(
        f"Removed {context.home}." if removed else "There is nothing to remove.",
        err=True,
    )
