"""`goodsflow blocklist`: show and change which cards are held back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goodsflow.cli.context import Context
from goodsflow.cli.json_output import echo_json
from goodsflow.cli.parameter_types import current_user
from goodsflow.common.counting import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from goodsflow.model.blocklist import Entry, Rule, Scope

_PRINCIPAL = "admin"


@click.group()
def blocklist() -> None:
    """Show and change which cards are held back.

    A change takes effect within a second. Cards that had already passed are
    withdrawn: search no longer finds them, and they are no longer recommended. A card
    that is unblocked returns when its shop next sends it.

    \b
    Examples:
      goodsflow blocklist add --product 12348 --reason "recalled by its maker"
      goodsflow blocklist add --brand brand_XYZ
      goodsflow blocklist list
    """


def _rules(command: Callable[..., None]) -> Callable[..., None]:
    for scope, what in (
        ("category", "A category, exactly as cards name it."),
        ("store", "A shop's store_id."),
        ("brand", "A brand, exactly as cards name it."),
        ("product", "A product_id."),
    ):
        command = click.option(
            f"--{scope}", multiple=True, metavar="TEXT", help=f"{what} Repeatable."
        )(command)
    return command


_by = click.option(
    "--by",
    default=current_user,
    show_default="you",
    help="Who blocks it, for readers of the list.",
)


@blocklist.command()
@_rules
@click.option(
    "--reason", default="", help="Why it is blocked, for readers of the list."
)
@_by
@click.pass_obj
def add(
    context: Context,
    *,
    product: tuple[str, ...],
    brand: tuple[str, ...],
    store: tuple[str, ...],
    category: tuple[str, ...],
    reason: str,
    by: str,
) -> None:
    """Block cards by product, brand, store or category.

    Texts are compared exactly, including case. A rule that is already on the list
    gets the new reason.

    \b
    Examples:
      goodsflow blocklist add --product 12348 --reason "recalled by its maker"
      goodsflow blocklist add --brand brand_XYZ --brand brand_DEF
    """
    from goodsflow.model.blocklist import Entry
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist.writer import block, now

    at = now()
    entries = [
        Entry(rule, reason, by, at)
        for rule in _given(product=product, brand=brand, store=store, category=category)
    ]
    count = block(load_endpoints(context.home), _PRINCIPAL, entries)
    click.echo(f"Blocked: {counted(count, 'rule')}")


@blocklist.command()
@_rules
@click.option("--all", "everything", is_flag=True, help="Remove every rule.")
@click.option("--yes", is_flag=True, help="With --all: do not ask for confirmation.")
@click.pass_obj
def remove(
    context: Context,
    *,
    product: tuple[str, ...],
    brand: tuple[str, ...],
    store: tuple[str, ...],
    category: tuple[str, ...],
    everything: bool,
    yes: bool,
) -> None:
    """Unblock cards.

    A card that was withdrawn returns when its shop next sends it.

    \b
    Example:
      goodsflow blocklist remove --product 12348
    """
    from goodsflow.model.blocklist import BlockListError
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist.reader import read_block_list
    from goodsflow.pipeline.blocklist.writer import unblock

    endpoints = load_endpoints(context.home)
    given = {"product": product, "brand": brand, "store": store, "category": category}
    if everything and any(given.values()):
        raise click.UsageError(
            "--all removes every rule. Don't combine it with other rules."
        )
    wanted = [] if everything else _given(**given)
    listed = read_block_list(endpoints, _PRINCIPAL)
    if everything:
        wanted = sorted(listed)
        if not yes:
            click.confirm(
                f"Remove {counted(len(wanted), 'rule')} from the list?",
                abort=True,
                err=True,
            )
    missing = [rule for rule in wanted if rule not in listed]
    if missing:
        raise BlockListError(
            f"Nothing was changed: {', '.join(map(str, missing))} "
            f"{'is' if len(missing) == 1 else 'are'} not on the block list."
        )
    unblock(endpoints, _PRINCIPAL, wanted)
    click.echo(f"Unblocked: {counted(len(wanted), 'rule')}")


@blocklist.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_(context: Context, *, as_json: bool) -> None:
    """Show what is blocked, why, by whom and since when."""
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist.reader import read_block_list

    entries = read_block_list(load_endpoints(context.home), _PRINCIPAL)
    found = [entries[rule] for rule in sorted(entries)]
    if as_json:
        echo_json(_document(found))
        return
    if not found:
        click.echo("Nothing is blocked.", err=True)
        return
    _print_table(found)


@blocklist.command("import")
@click.argument(
    "path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path, exists=True)
)
@click.option("--reason", default="", help="The reason for lines that give none.")
@_by
@click.pass_obj
def import_(context: Context, path: Path, *, reason: str, by: str) -> None:
    """Block everything that FILE lists.

    If one line is wrong, nothing is imported. FILE has one of three formats:

    \b
    - CSV, separated by commas, semicolons or tabs. The header names the columns:
      product (or product_id), brand, store (or store_id), category, and optionally
      reason.
    - JSON lines (.jsonl) with these names.
    - One product ID per line.

    Each line must name exactly one product, brand, store or category. A whole card
    is rejected, because it would block its brand, store and category, too.

    \b
    Example:
      goodsflow blocklist import recalled.csv --reason "recalled by its maker"
    """
    from goodsflow.model.blocklist.files import read_entries
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist.writer import block, now

    entries = read_entries(path, reason=reason, by=by, at=now())
    count = block(
        load_endpoints(context.home),
        _PRINCIPAL,
        entries,
        on_progress=lambda done: click.echo(f"{done:,} of {len(entries):,}", err=True),
    )
    click.echo(f"Blocked: {counted(count, 'rule')}")


def _given(**texts: tuple[str, ...]) -> list[Rule]:
    from goodsflow.model.blocklist import SCOPES, Rule

    scopes: tuple[Scope, ...] = SCOPES
    rules = [Rule(scope, text) for scope in scopes for text in texts[scope]]
    if not rules:
        raise click.UsageError(
            "Give at least one of --product, --brand, --store and --category."
        )
    return rules


def _document(entries: list[Entry]) -> dict[str, Any]:
    rows = [
        {
            "scope": entry.rule.scope,
            "text": entry.rule.text,
            "reason": entry.reason,
            "by": entry.by,
            "at": entry.at.isoformat() if entry.at else None,
        }
        for entry in entries
    ]
    return {"rules": rows}


def _print_table(entries: list[Entry]) -> None:
    from goodsflow.cli.tables import print_table

    print_table(
        ("SCOPE", "TEXT", "REASON", "BY", "SINCE"),
        [
            (
                entry.rule.scope,
                entry.rule.text,
                entry.reason,
                entry.by,
                entry.at.isoformat(sep=" ", timespec="seconds") if entry.at else "",
            )
            for entry in entries
        ],
    )
