"""What an asset tells the UI of what it did."""

from collections.abc import Sequence

import dagster as dg

from goodsflow.bootstrap import Outcome


def report(outcome: Outcome) -> dg.MaterializeResult[None]:
    """Return counts, and the changes as a list for a person."""
    changes = [str(change) for change in outcome.changes]
    actions = [change.action for change in outcome.changes]
    return dg.MaterializeResult(
        metadata={
            **{f"declared {what}": count for what, count in outcome.declared.items()},
            "created": actions.count("create"),
            "updated": actions.count("update"),
            "changes": dg.MetadataValue.md(as_markdown(changes, "Nothing to change.")),
            "left alone": dg.MetadataValue.md(
                as_markdown(outcome.surplus, "Nothing beyond the declaration.")
            ),
        }
    )


def as_markdown(lines: Sequence[str], if_none: str) -> str:
    """Return a list of lines, or a sentence where there are none."""
    return "\n".join(f"- {line}" for line in lines) or if_none
