"""`goodsflow apply`: make the platform as declared."""

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
            f"there is no {', '.join(unknown)}; there are {', '.join(PERMISSIONS)}."
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
    help=f"Do this too, without asking: {', '.join(PERMISSIONS)}.",
)
@click.option(
    "--yes",
    "never_ask",
    is_flag=True,
    help="Ask nothing: do what is safe or allowed, and leave the rest.",
)
@click.option(
    "--wait",
    "lock_seconds",
    type=FiniteRange(min=0),
    default=120.0,
    show_default=True,
    help="Seconds to wait for another apply to end.",
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
    """Make the platform as platform.yaml declares it.

    What is safe is done. What costs records, rights or order is asked for at a
    terminal, or allowed with --allow, or left. A change that fails does not keep the
    others from being made; a second run goes on where this one ended.

    Exit status: 0 everything is as declared, 3 something was left, 1 something failed
    or could not be read.
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
            on_wait=lambda who: click.echo(f"Waiting for another: {who} …", err=True),
        ),
    ):
        targets = select_targets(reconciler.targets(), clusters, kinds)
        survey = reconciler.survey(targets)
        if survey.failures:
            echo_failures(survey.failures.items())
            click.echo(
                "Nothing was changed: not everything could be read. --kind and "
                "--cluster leave out what cannot.",
                err=True,
            )
            sys.exit(1)
        echo_plan(as_text(survey.plan))
        if survey.plan.is_empty:
            return
        granted = allowed | _ask(survey.plan, allowed, never_ask=never_ask)
        click.echo()
        results = _make(reconciler, survey.plan.changes, granted)
        is_settled = _settle(reconciler, results)
    status = _conclude(survey.plan, results)
    sys.exit(status if is_settled else 1)


def _ask(
    plan: Plan, allowed: Collection[Permission], *, never_ask: bool
) -> frozenset[Permission]:
    """Ask for each permission that is needed and not given."""
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


def _make(
    reconciler: Reconciler, changes: Sequence[Change], granted: Collection[Permission]
) -> list[Result]:
    def report(result: Result) -> None:
        if result.error is None:
            click.secho(f"done    {result.change.what}", fg="green")
        else:
            click.secho(f"FAILED  {result.change.what}", fg="red", err=True)
            click.echo(f"        {result.error}", err=True)

    return reconciler.apply(changes, granted, report)


def _settle(reconciler: Reconciler, results: Sequence[Result]) -> bool:
    """Wait until what was made is in effect; say whether it is."""
    from goodsflow.common.errors import GoodsflowError

    is_settled = True
    made = {result.change.target for result in results if result.error is None}
    for target in sorted(made, key=lambda target: target.order):
        try:
            lines = reconciler.provider(target).settle()
        except GoodsflowError as error:
            click.secho(f"FAILED  {error}", fg="red", err=True)
            is_settled = False
        else:
            for line in lines:
                click.echo(f"        {line}")
    return is_settled


def _conclude(plan: Plan, results: Sequence[Result]) -> int:
    failed = [result for result in results if result.error is not None]
    tried = [result.change for result in results]
    left = [c for c in plan.changes if not any(c is t for t in tried)]
    for change in left:
        click.secho(f"left    {change}", fg="yellow")
    click.echo(
        f"\n{len(results) - len(failed)} done, {len(failed)} failed, {len(left)} left."
    )
    if failed:
        return 1
    return DRIFT if left else 0
