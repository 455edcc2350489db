"""The `goodsflow` command: its subcommands, and how it reports errors."""

from __future__ import annotations

import importlib
import sys
from contextlib import suppress
from pathlib import Path

import click

from goodsflow.cli.context import Context
from goodsflow.common.errors import GoodsflowError
from goodsflow.model.endpoints import default_home

COMMAND_GROUPS = {
    "Run the platform on this machine": {
        "up": "goodsflow.cli.up",
        "status": "goodsflow.cli.status",
        "logs": "goodsflow.cli.logs",
        "down": "goodsflow.cli.down",
        "clean": "goodsflow.cli.clean",
    },
    "Send, find and block cards": {
        "shop-api": "goodsflow.cli.shop_api",
        "search": "goodsflow.cli.search",
        "recommendations": "goodsflow.cli.recommendations",
        "blocklist": "goodsflow.cli.blocklist",
        "dead-letters": "goodsflow.cli.dead_letters",
    },
    "Operate the platform": {
        "plan": "goodsflow.cli.plan",
        "apply": "goodsflow.cli.apply",
        "connector": "goodsflow.cli.connector",
        "credentials": "goodsflow.cli.credentials",
        "client-config": "goodsflow.cli.client_config",
    },
}
"""Each command's module, by the heading under which ``--help`` lists the command."""

COMMANDS = {
    name: module for group in COMMAND_GROUPS.values() for name, module in group.items()
}


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

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """List the commands by group instead of under one heading."""
        width = max(map(len, COMMANDS))
        for heading, names in COMMAND_GROUPS.items():
            rows = [
                (name.ljust(width), command.get_short_help_str(formatter.width))
                for name in names
                if (command := self.get_command(ctx, name))
            ]
            with formatter.section(heading):
                formatter.write_dl(rows)


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="$GOODSFLOW_HOME, or .goodsflow",
    help="The platform's folder.",
)
@click.option("--debug", is_flag=True, help="Show a traceback if a command fails.")
@click.version_option(package_name="goodsflow")
@click.pass_context
def cli(ctx: click.Context, home: Path | None, debug: bool) -> None:
    """Run and use Goodsflow, an e-commerce data platform.

    Shops send goods cards. The platform holds back the blocked ones, recommends the
    others to users and makes them searchable.

    \b
    First steps:
      goodsflow up                  start the platform
      goodsflow search --name JKL   find cards
      goodsflow down                stop the platform

    `goodsflow COMMAND --help` explains a command.
    """
    ctx.obj = Context(home=(home or default_home()).resolve(), debug=debug)


def main() -> None:
    """Run the command line; an expected failure is one message and status 1."""
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
            # Flushing what a full disk left in the buffer would fail again at exit.
            sys.stdout.close()
        sys.exit(1)
