"""`goodsflow plan`: show what differs from the declaration."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from goodsflow.cli.context import Context
from goodsflow.cli.json_output import echo_json
from goodsflow.cli.targets import (
    DRIFT,
    echo_failures,
    echo_plan,
    open_reconciler,
    select_targets,
    target_options,
)
from goodsflow.common.counting import counted


@click.command()
@target_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--adopt",
    is_flag=True,
    help="Print a declaration of the current state instead of differences.",
)
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --adopt: write platform.yaml and the files it names to this folder.",
)
@click.pass_obj
def plan(
    context: Context,
    *,
    declaration: Path,
    clusters: tuple[str, ...],
    kinds: tuple[str, ...],
    as_json: bool,
    adopt: bool,
    output: Path | None,
) -> None:
    """Show what differs from platform.yaml.

    Nothing is changed. Each line starts with a sign: + for what would be created, ~ for
    what would be updated, - for what would be deleted, and ! for a change that can't be
    applied. If a change needs a permission, the line says which.

    \b
    Examples:
      goodsflow plan
      goodsflow plan --kind topics --cluster inbound
      goodsflow plan --adopt --output adopted

    Exit status: 0 if everything is as declared, 3 if something differs, 1 if part of
    the platform could not be read.
    """
    if adopt:
        if as_json:
            raise click.UsageError("--adopt prints YAML: don't combine it with --json.")
        _adopt(context, declaration, clusters, kinds, output)
        return
    if output is not None:
        raise click.UsageError("--output needs --adopt.")
    from goodsflow.desired_state.planning.rendering import as_json as plan_as_json
    from goodsflow.desired_state.planning.rendering import as_text

    with open_reconciler(context.home, declaration) as reconciler:
        targets = select_targets(reconciler.targets(), clusters, kinds)
        planned = reconciler.plan_all(targets)
    if as_json:
        document = plan_as_json(planned.plan, planned.failures)
        echo_json(document)
    elif not planned.failures or not planned.plan.is_empty:
        echo_plan(as_text(planned.plan))
    echo_failures(planned.failures.items())
    if planned.failures:
        sys.exit(1)
    sys.exit(0 if planned.plan.is_empty else DRIFT)


def _adopt(
    context: Context,
    declaration: Path,
    clusters: tuple[str, ...],
    kinds: tuple[str, ...],
    output: Path | None,
) -> None:
    from goodsflow.desired_state.providers import adopt

    with open_reconciler(context.home, declaration) as reconciler:
        targets = select_targets(reconciler.targets(), clusters, kinds)
        adoption = adopt.adopt(reconciler, targets)
    if output is None:
        click.echo(adopt.as_yaml(adoption), nl=False)
        if adoption.files:
            click.echo(
                f"It names {counted(len(adoption.files), 'file')}: --output writes "
                "them, too.",
                err=True,
            )
        return
    for path in adopt.write_declaration(adoption, output):
        click.echo(path)
    for name in sorted(adoption.secret_files):
        click.echo(
            f"Warning: {output / name} contains what looks like a secret. Replace it "
            "with a ConfigProvider reference before you commit the file.",
            err=True,
        )
