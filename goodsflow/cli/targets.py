"""What `goodsflow plan` and `goodsflow apply` share: options, targets, printing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from goodsflow.desired_state.planning.plan import Kind, Permission, Target
from goodsflow.model.endpoints import PROJECT_ROOT, ClusterName

if TYPE_CHECKING:
    from goodsflow.common.errors import GoodsflowError
    from goodsflow.desired_state.providers.reconciler import Reconciler

F = TypeVar("F", bound=Callable[..., Any])

PERMISSIONS: tuple[Permission, ...] = get_args(Permission)
KINDS: tuple[Kind, ...] = get_args(Kind)
CLUSTERS: tuple[ClusterName, ...] = get_args(ClusterName)
DRIFT = 3
"""The exit status for a platform that differs from its declaration."""

_PRINCIPAL = "admin"
_REQUEST_SECONDS = 10.0
_COLORS = {"  + ": "green", "  ~ ": "yellow", "  - ": "red", "  ! ": "magenta"}


def target_options(command: F) -> F:
    """Add the options that select a declaration and parts of the platform."""
    for option in (
        click.option(
            "--file",
            "declaration",
            type=click.Path(dir_okay=False, path_type=Path),
            default=PROJECT_ROOT / "platform.yaml",
            show_default="the project's platform.yaml",
            help="The declaration. Files that it names are relative to its folder.",
        ),
        click.option(
            "--cluster",
            "clusters",
            type=click.Choice(CLUSTERS),
            multiple=True,
            help="Only objects on this cluster. Repeatable.",
        ),
        click.option(
            "--kind",
            "kinds",
            type=click.Choice(KINDS),
            multiple=True,
            help="Only objects of this kind. Repeatable.",
        ),
    ):
        command = option(command)
    return command


def open_reconciler(home: Path, declaration: Path) -> Reconciler:
    """Return a reconciler for a declaration and the platform in a folder.

    Raises:
        GoodsflowError: The declaration is invalid, or there is no platform.
    """
    from goodsflow.desired_state.providers.reconciler import Reconciler
    from goodsflow.desired_state.providers.timeouts import Timeouts
    from goodsflow.model.endpoints import load_endpoints

    return Reconciler.of_file(
        declaration,
        load_endpoints(home),
        principal=_PRINCIPAL,
        timeouts=Timeouts(request=_REQUEST_SECONDS),
    )


def select_targets(
    targets: Iterable[Target], clusters: Sequence[str], kinds: Sequence[str]
) -> tuple[Target, ...]:
    """Return the targets that the options select.

    Raises:
        click.UsageError: The options select none.
    """
    found = tuple(
        target
        for target in targets
        if (not kinds or target.kind in kinds)
        and (not clusters or target.cluster in clusters)
    )
    if not found:
        raise click.UsageError(
            f"There are no {', '.join(kinds) or 'objects'} "
            f"{'on ' + ', '.join(clusters) if clusters else 'on this platform'}. "
            "Schemas, directories, connectors and views do not belong to a cluster."
        )
    return found


def echo_plan(text: str) -> None:
    """Print a plan, in colour on a terminal."""
    for line in text.splitlines():
        click.secho(line, fg=_COLORS.get(line[:4]))


def echo_failures(failures: Iterable[tuple[Target, GoodsflowError]]) -> None:
    """Print what could not be read, and why, with one line per reason."""
    reasons: dict[str, list[str]] = {}
    for target, error in failures:
        reasons.setdefault(str(error), []).append(str(target))
    for reason, names in reasons.items():
        click.echo(f"Error: could not read {', '.join(names)}: {reason}", err=True)
