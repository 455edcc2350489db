"""The metadata of a materialization, for the UI."""

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from goodsflow.desired_state.planning import Plan
from goodsflow.desired_state.planning.rendering import as_text, summary
from goodsflow.desired_state.providers.provider import Result


def report(
    plan: Plan,
    results: Sequence[Result],
    states: Sequence[str],
    *,
    dry_run: bool = False,
) -> dg.MaterializeResult[None]:
    """Report the plan, the changes that were made, and those that were left.

    Args:
        plan: The changes that were due.
        results: The changes that were made.
        states: The states afterwards, such as a connector's; may be empty.
        dry_run: Whether the run only planned.
    """
    changes = [result.change for result in results]
    left = left_of(plan, results)
    actions = [change.action for change in changes]
    metadata: dict[str, dg.MetadataValue | str | int | bool] = {
        "plan": dg.MetadataValue.md(f"```\n{as_text(plan)}\n```"),
        "summary": summary(plan),
        "dry run": dry_run,
        "created": actions.count("create"),
        "updated": actions.count("update"),
        "deleted": actions.count("delete"),
        "changes": dg.MetadataValue.md(
            as_markdown((c.what for c in changes), "Nothing was changed.")
        ),
        "left": dg.MetadataValue.md(as_markdown(left, "Nothing was left.")),
    }
    if states:
        metadata["states"] = dg.MetadataValue.md(as_markdown(states, ""))
    return dg.MaterializeResult(metadata=metadata)


def left_of(plan: Plan, results: Iterable[Result]) -> list[object]:
    """Return the changes of the plan that were not tried."""
    tried = {id(result.change) for result in results}
    return [change for change in plan.changes if id(change) not in tried]


def as_markdown(lines: Iterable[object], if_none: str) -> str:
    """Return the lines as a list, or a sentence if there are none."""
    return "\n".join(f"- {line}" for line in lines) or if_none


def preview(rows: Sequence[Mapping[str, object]]) -> dg.MarkdownMetadataValue:
    """Return rows as a table for a person."""
    if not rows:
        return dg.MetadataValue.md("None.")
    import pandas as pd

    cells = pd.DataFrame(rows).map(lambda cell: str(cell).replace("|", "\\|"))
    # Parsed as a number, the product ID '1e5' would become 100000.
    table = cells.to_markdown(index=False, disable_numparse=True)
    return dg.MetadataValue.md(str(table))
