"""`goodsflow apply`: change the platform to match its declaration."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from goodsflow.cli.context import Context
from goodsflow.cli.parameter_types import FiniteRange
from goodsflow.cli.targets import (
    DRIFT,
    PERMISSIONS,
    echo_failures,
    echo_plan,
    open_reconciler,
    select_targets,
    target_options,
)
from goodsflow.desired_state.planning.plan import Permission

if TYPE_CHECKING:
    from goodsflow.desired_state.planning import Change, Plan
    from goodsflow.desired_state.providers.provider import Result
    from goodsflow.desired_state.providers.reconciler import Reconciler


def _permissions(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> frozenset[str]:
    names = {name.strip() for value in values for name in value.split(",")} - {""}
    unknown = sorted(names - set(PERMISSIONS))
    if unknown:
        raise click.BadParameter(
            f"unknown permission: {', '.join(unknown)}. "
            f"Known: {', '.join(PERMISSIONS)}."
        )
    return frozenset(names)


@click.command()
@target_options
@click.option(
    "--allow",
    "allowed",
    metavar="PERMISSION,…",
    multiple=True,
    callback=_permissions,
    help="Make changes that need these permissions, without asking. "
    f"Permissions: {', '.join(PERMISSIONS)}.",
)
@click.option(
    "--yes",
    "never_ask",
    is_flag=True,
    help="Never ask: make the changes that are safe or allowed, and skip the rest.",
)
@click.option(
    "--wait",
    "lock_seconds",
    type=FiniteRange(min=0),
    default=120.0,
    show_default=True,
    help="How many seconds to wait while another apply runs.",
)
@click.pass_obj
def apply(
    context: Context,
    *,
    declaration: Path,
    clusters: tuple[str, ...],
    kinds: tuple[str, ...],
    allowed: frozenset[Permission],
    never_ask: bool,
    lock_seconds: float,
) -> None:
    """Change the platform to match platform.yaml.

    Safe changes are made right away. A change that can lose records, access or
    ordering needs a permission: apply asks for it on a terminal, takes it from
    --allow, or skips the change. If one change fails, the others are still made. Run
    the command again to continue.

    \b
    Examples:
      goodsflow apply
      goodsflow apply --kind topics --cluster inbound
      goodsflow apply --yes --allow delete-topics,delete-acls

    Exit status: 0 if everything is as declared, 3 if changes were skipped, 1 if a
    change failed or part of the platform could not be read.
    """
    from goodsflow.desired_state.planning.rendering import as_text
    from goodsflow.desired_state.providers.lock import apply_lock
    from goodsflow.model.endpoints import load_endpoints

    lock = load_endpoints(context.home).state_dir / "apply.lock"
    with (
        open_reconciler(context.home, declaration) as reconciler,
        apply_lock(
            lock,
            "goodsflow apply",
            timeout_seconds=lock_seconds,
            on_wait=lambda holder: click.echo(f"Waiting for {holder} …", err=True),
        ),
    ):
        targets = select_targets(reconciler.targets(), clusters, kinds)
        planned = reconciler.plan_all(targets)
        if planned.failures:
            echo_failures(planned.failures.items())
            click.echo(
                "Nothing was changed, because part of the platform could not be read. "
                "Use --kind and --cluster to apply the rest.",
                err=True,
            )
            sys.exit(1)
        echo_plan(as_text(planned.plan))
        if planned.plan.is_empty:
            return
        granted = allowed | _ask(planned.plan, allowed, never_ask=never_ask)
        click.echo()
        results = _apply_changes(reconciler, planned.plan.changes, granted)
        is_in_effect = _await_effect(reconciler, results)
    status = _print_summary(planned.plan, results)
    sys.exit(status if is_in_effect else 1)


def _ask(
    plan: Plan, allowed: Collection[Permission], *, never_ask: bool
) -> frozenset[Permission]:
    """Ask for each permission that the plan needs and that was not given."""
    missing = {p: c for p, c in plan.needed().items() if p not in allowed}
    if never_ask or not missing or not _is_terminal():
        return frozenset()
    granted = set()
    for permission, changes in missing.items():
        click.echo()
        for change in changes:
            click.echo(f"  {change}")
        if click.confirm(f"Allow {permission}?", default=False):
            granted.add(permission)
    return frozenset(granted)


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _apply_changes(
    reconciler: Reconciler, changes: Sequence[Change], granted: Collection[Permission]
) -> list[Result]:
    def report(result: Result) -> None:
        if result.error is None:
            click.secho(f"done    {result.change.what}", fg="green")
        else:
            click.secho(f"FAILED  {result.change.what}", fg="red", err=True)
            click.echo(f"        {result.error}", err=True)

    return reconciler.apply(changes, granted, report)


def _await_effect(reconciler: Reconciler, results: Sequence[Result]) -> bool:
    """Wait until the changes are in effect, and return whether they are."""
    from goodsflow.common.errors import GoodsflowError

    is_in_effect = True
    changed = {result.change.target for result in results if result.error is None}
    for target in sorted(changed, key=lambda target: target.order):
        try:
            lines = reconciler.provider(target).settle()
        except GoodsflowError as error:
            click.secho(f"FAILED  {error}", fg="red", err=True)
            is_in_effect = False
        else:
            for line in lines:
                click.echo(f"        {line}")
    return is_in_effect


def _print_summary(plan: Plan, results: Sequence[Result]) -> int:
    failed = [result for result in results if result.error is not None]
    tried = [result.change for result in results]
    skipped = [c for c in plan.changes if not any(c is t for t in tried)]
    for change in skipped:
        click.secho(f"skipped {change}", fg="yellow")
    click.echo(
        f"\n{len(results) - len(failed)} done, {len(failed)} failed, "
        f"{len(skipped)} skipped."
    )
    if failed:
        return 1
    return DRIFT if skipped else 0
