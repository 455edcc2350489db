"""The `goodsflow` command: its commands by name, and what becomes of an error."""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from pathlib import Path

import click

from goodsflow.cli.context import Context
from goodsflow.common.errors import GoodsflowError
from goodsflow.model.endpoints import default_home

COMMANDS = {
    "up": "goodsflow.cli.up",
    "down": "goodsflow.cli.down",
    "clean": "goodsflow.cli.clean",
    "status": "goodsflow.cli.status",
    "logs": "goodsflow.cli.logs",
    "plan": "goodsflow.cli.plan",
    "apply": "goodsflow.cli.apply",
    "client-config": "goodsflow.cli.client_config",
    "search": "goodsflow.cli.search",
    "recommendations": "goodsflow.cli.recommendations",
    "shop-api": "goodsflow.cli.shop_api",
    "blocklist": "goodsflow.cli.blocklist",
    "dead-letters": "goodsflow.cli.dead_letters",
    "credentials": "goodsflow.cli.credentials",
    "connector": "goodsflow.cli.connector",
}
"""Each command's module; it is imported when the command is named."""


class _LazyGroup(click.Group):
    """Imports a command's module only when it is used, so that --help is quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="The platform's folder. Default: $GOODSFLOW_HOME, else .goodsflow.",
)
@click.option("--debug", is_flag=True, help="Show a traceback with an error.")
@click.version_option(package_name="goodsflow")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, debug: bool) -> None:
    """Goods cards from shops to recommendations and search."""
    ctx.obj = Context(home=(home or default_home()).resolve(), debug=debug)


def main() -> None:
    """Run the command line; an expected failure is one message and exit status 1."""
    try:
        cli(prog_name="goodsflow")
    except GoodsflowError as error:
        if "--debug" in sys.argv:
            raise
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if "--debug" in sys.argv:
            raise
        where = f" '{error.filename}'" if error.filename else ""
        click.echo(f"Error: {error.strerror or error}{where}", err=True)
        with suppress(OSError):
            # What a full disk left in its buffer would fail again at the end.
            sys.stdout.close()
        sys.exit(1)
