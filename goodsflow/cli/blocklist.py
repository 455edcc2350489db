"""`goodsflow blocklist`: what must not reach users, while the platform works."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from goodsflow.cli.context import Context
from goodsflow.cli.json_output import echo_json
from goodsflow.cli.parameter_types import current_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from goodsflow.pipeline.blocklist import Entry, Rule
    from goodsflow.pipeline.blocklist.model import Scope

_PRINCIPAL = "admin"


@click.group()
def blocklist() -> None:
    """Show and change what the filter holds back.

    A change works within a second. What had passed before is withdrawn: it leaves
    search, and is recommended no more. What is taken off the list comes back with its
    next card.

    \b
    goodsflow blocklist add --product 12348 --reason "recalled by its maker"
    goodsflow blocklist add --brand brand_XYZ
    goodsflow blocklist list
    """  # noqa: D301 - click wants the character, and no backslash


def _rules(command: Callable[..., None]) -> Callable[..., None]:
    for scope, what in (
        ("category", "The category that cards name."),
        ("store", "A shop's store_id."),
        ("brand", "The brand that cards name."),
        ("product", "A product_id."),
    ):
        command = click.option(f"--{scope}", multiple=True, metavar="TEXT", help=what)(
            command
        )
    return command


@blocklist.command()
@_rules
@click.option("--reason", default="", help="Why, for whoever looks at the list.")
@click.option("--by", default=current_user, show_default="you", help="Who blocks it.")
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
    """Hold cards back by their product, brand, store or category, each to the letter.

    What is on the list already gets the new reason.
    """
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist import Entry
    from goodsflow.pipeline.blocklist.changing import block, now

    at = now()
    entries = [
        Entry(rule, reason, by, at)
        for rule in _given(product=product, brand=brand, store=store, category=category)
    ]
    count = block(load_endpoints(context.home), _PRINCIPAL, entries)
    click.echo(f"Blocked: {_rules_text(count)}")


@blocklist.command()
@_rules
@click.option("--all", "everything", is_flag=True, help="Empty the list.")
@click.option("--yes", is_flag=True, help="With --all: do not ask.")
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
    """Let cards pass again. What was withdrawn comes back with its next card."""
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist import BlockListError
    from goodsflow.pipeline.blocklist.changing import unblock
    from goodsflow.pipeline.blocklist.reading import read_block_list

    endpoints = load_endpoints(context.home)
    given = {"product": product, "brand": brand, "store": store, "category": category}
    if everything and any(given.values()):
        raise click.UsageError("--all takes everything off: name nothing beside it.")
    wanted = [] if everything else _given(**given)
    there = read_block_list(endpoints, _PRINCIPAL)
    if everything:
        wanted = sorted(there)
        if not yes:
            click.confirm(
                f"Take {_rules_text(len(wanted))} off the list?", abort=True, err=True
            )
    missing = [rule for rule in wanted if rule not in there]
    if missing:
        raise BlockListError(
            f"Nothing was changed: {', '.join(map(str, missing))} "
            f"{'is' if len(missing) == 1 else 'are'} not on the block list."
        )
    unblock(endpoints, _PRINCIPAL, wanted)
    click.echo(f"Off the list: {_rules_text(len(wanted))}")


@blocklist.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_(context: Context, *, as_json: bool) -> None:
    """Show what is blocked, why, by whom and since when."""
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist.reading import read_block_list

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
@click.option("--reason", default="", help="Where a line gives none.")
@click.option("--by", default=current_user, show_default="you", help="Who blocks it.")
@click.pass_obj
def import_(context: Context, path: Path, *, reason: str, by: str) -> None:
    """Block what a file names; nothing is taken where a line of it is wrong.

    FILE is CSV with a header of `product`, `brand`, `store` or `category`, and perhaps
    `reason`, with commas, semicolons or tabs; or JSON lines with these names (.jsonl);
    or a product ID a line. `product_id` and `store_id` do as well. A line names one
    thing: cards as they are would block all that they name.
    """
    from goodsflow.model.endpoints import load_endpoints
    from goodsflow.pipeline.blocklist.changing import block, now
    from goodsflow.pipeline.blocklist.files import read_entries

    entries = read_entries(path, reason=reason, by=by, at=now())
    count = block(
        load_endpoints(context.home),
        _PRINCIPAL,
        entries,
        on_progress=lambda done: click.echo(f"{done:,} of {len(entries):,}", err=True),
    )
    click.echo(f"Blocked: {_rules_text(count)}")


def _given(**texts: tuple[str, ...]) -> list[Rule]:
    from goodsflow.pipeline.blocklist import SCOPES, Rule

    scopes: tuple[Scope, ...] = SCOPES
    rules = [Rule(scope, text) for scope in scopes for text in texts[scope]]
    if not rules:
        raise click.UsageError(
            "Give at least one of --product, --brand, --store and --category."
        )
    return rules


def _rules_text(count: int) -> str:
    return "1 rule" if count == 1 else f"{count:,} rules"


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
