"""What `goodsflow plan` and `goodsflow apply` have in common."""

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
"""The exit status of a platform that is not as declared."""

_PRINCIPAL = "admin"
_REQUEST_SECONDS = 10.0
_COLORS = {"  + ": "green", "  ~ ": "yellow", "  - ": "red", "  ! ": "magenta"}


def target_options(command: F) -> F:
    """Add the options that say which part of the platform is meant."""
    for option in (
        click.option(
            "--file",
            "declaration",
            type=click.Path(dir_okay=False, path_type=Path),
            default=PROJECT_ROOT / "platform.yaml",
            show_default="the project's platform.yaml",
            help="The declaration; the files that it names are looked up beside it.",
        ),
        click.option(
            "--cluster",
            "clusters",
            type=click.Choice(CLUSTERS),
            multiple=True,
            help="Only what is on this cluster. May be given twice.",
        ),
        click.option(
            "--kind",
            "kinds",
            type=click.Choice(KINDS),
            multiple=True,
            help="Only this kind of thing. May be given several times.",
        ),
    ):
        command = option(command)
    return command


def open_reconciler(home: Path, declaration: Path) -> Reconciler:
    """Return the reconciler of a declaration and the platform of a folder.

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
    """Return the targets that were asked for.

    Raises:
        click.UsageError: There are none.
    """
    found = tuple(
        target
        for target in targets
        if (not kinds or target.kind in kinds)
        and (not clusters or target.cluster in clusters)
    )
    if not found:
        raise click.UsageError(
            f"There are no {', '.join(kinds) or 'things'} "
            f"{'on ' + ', '.join(clusters) if clusters else 'on this platform'}: "
            "schemas, directories, connectors and views belong to no cluster."
        )
    return found


def echo_plan(text: str) -> None:
    """Print a plan, its lines coloured where a terminal shows it."""
    for line in text.splitlines():
        click.secho(line, fg=_COLORS.get(line[:4]))


def echo_failures(failures: Iterable[tuple[Target, GoodsflowError]]) -> None:
    """Say what could not be read, and why; one reason once, for all that it kept."""
    reasons: dict[str, list[str]] = {}
    for target, error in failures:
        reasons.setdefault(str(error), []).append(str(target))
    for reason, names in reasons.items():
        click.echo(f"Error: could not read {', '.join(names)}: {reason}", err=True)
