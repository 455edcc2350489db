"""`goodsflow clean`: delete the native platform and its data."""

from __future__ import annotations

import click

from goodsflow.cli.context import Context


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@click.pass_obj
def clean(context: Context, yes: bool) -> None:
    """Stop every part and delete all data and secrets.

    Topics, files on HDFS, passwords, certificates and logs are deleted for good.
    """
    from goodsflow.deploy.native.launcher import clean as remove

    if not yes:
        click.confirm(
            f"Delete {context.home} with all topics, files and secrets?", abort=True
        )
    removed = remove(context.home)
    click.echo(
        f"Deleted {context.home}." if removed else "There is nothing to delete.",
        err=True,
    )
